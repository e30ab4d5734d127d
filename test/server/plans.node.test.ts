import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/service/database/types.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { actAsClients } from './support/all-actions.ts'
import { moveThereAndBack } from './support/moves.ts'
import {
  growingTables,
  isExplained,
  pretendMillions,
  readIndexes,
  readsWhole,
  stopAutovacuum,
} from './support/plans.ts'
import { actAsOperator, askDirectly } from './support/rare-statements.ts'
import { queriesIn, recordingDatabase, type RecordingDatabase } from './support/recording-database.ts'
import { createWorld, type World } from './support/world.ts'

const DAY = 24 * 3_600_000

/** Where `src/server` asks for what no test here makes it ask, and why. */
const NOT_ASKED: readonly (readonly [file: string, why: string])[] = [
  ['events/deliver.ts', 'adds a receiver that wants no more, of which there are few'],
  ['operations/decision.ts', 'reads a decision by its key'],
  ['rounds/lease.ts', 'takes over the lease of an operation by its key'],
  ['rounds/lease.ts', 'reads the devices of an operation by the keys of both'],
  ['sets/retirements.ts', 'adds a retirement by its key'],
]

const postgres = databaseKinds.find(({ name }) => name === 'PostgreSQL')

describe.skipIf(postgres === undefined)('on PostgreSQL', () => {
  let database: RecordingDatabase
  let other: Database
  let world: World

  beforeAll(async () => {
    database = recordingDatabase(await postgres!.open(), 'src/server')
    other = await postgres!.open()
    world = createWorld(database, seededRandom())
    await world.server().sweep()
    await stopAutovacuum(database)
    await actAsClients(world, 'ann')
    // A sweep after everything has ended deletes it; the others have rows of every kind.
    world.pass(400 * DAY)
    await world.server().sweep()
    await actAsClients(world, 'ben')
    await askDirectly(world, 'ben')
    await moveThereAndBack(world, other, 'ben')
    await actAsOperator(world)
  }, 300_000)
  afterAll(() => Promise.all([database.close(), other.close()]))

  test('no statement reads a growing table whole', async () => {
    const growing = await growingTables(database)
    const indexes = await readIndexes(database)
    const found: string[] = []
    await database.transaction(async (tx) => {
      expect(await pretendMillions(tx, growing), 'tables without rows').toEqual([])
      for (const statement of database.statements.values()) {
        if (!isExplained(statement.sql)) continue
        for (const whole of await readsWhole(tx, statement, growing, indexes)) {
          found.push(`${whole}: ${statement.sql.replace(/\s+/g, ' ').slice(0, 400)}`)
        }
      }
    }, 'read committed')
    expect(found).toEqual([])
  })

  test('every statement of the server was looked at', () => {
    const left = queriesIn('src/server').filter((site) => !database.sites.has(site))
    expect(
      left.map((site) => site.replace(/:\d+$/, '')),
      left.join('\n'),
    ).toEqual(NOT_ASKED.map(([file]) => file))
  })
})
