import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ServerContext } from '../../../src/server/context.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { readAuditKey } from '../../../src/server/audit/key.ts'
import { rotate } from '../../../src/server/maintenance/rotate.ts'
import { otStateContext } from '../../../src/server/sets/ot-states.ts'
import { shareContext } from '../../../src/server/sets/shares.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { createSealer, type Sealer } from '../../../src/util/seal.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { seededRandom } from '../../support/random.ts'
import { createTables, START, type Tables } from '../support/tables.ts'

let tables: Tables
let random: RandomSource
beforeAll(async () => {
  random = seededRandom()
  tables = await createTables(pgliteDatabase(), random)
})
beforeEach(async () => {
  for (const table of ['shares', 'ot_states', 'preprocessings', 'responses', 'operations', 'sets']) {
    await tables.database.query(`delete from reshare_${table}`)
  }
})
afterAll(() => tables.database.close())

const query: Database['query'] = (...args) => tables.database.query(...args)
/** Each change of the master key gives the next id, and keeps the one before. */
let current: { id: number; key: Uint8Array } = { id: 1, key: new Uint8Array() }

function nextSealer(): Sealer {
  const before = current.id === 1 ? { id: 1, key: tables.masterKey } : current
  current = { id: before.id + 1, key: random(32) }
  return createSealer({ current, previous: [before] }, random)
}
let sealer: Sealer
const context = (changes: Partial<ServerContext> = {}): ServerContext => ({ ...tables.context, sealer, ...changes })

/** A set whose share and setup are sealed by the key that is current. */
async function sealedSet(epoch = 1) {
  const key = tables.key()
  const setId = await tables.set(key)
  for (const table of ['shares', 'ot_states']) await query(`delete from reshare_${table} where set_id = $1`, [setId])
  const by = sealer
  const [share, pair] = [random(50), random(60)]
  const pairKey = { clientId: key.clientId, setId }
  const inserted = by.seal(shareContext(key.clientId, setId), share)
  await query('insert into reshare_shares (set_id, sealed) values ($1, $2)', [setId, inserted])
  await query('insert into reshare_ot_states (set_id, sealed, poisoned, epoch) values ($1, $2, false, $3)', [
    ...[setId, by.seal(otStateContext(pairKey, epoch), pair), epoch],
  ])
  const stored = async (table: 'shares' | 'ot_states') =>
    (await tables.row(`select sealed from reshare_${table} where set_id = $1`, setId))?.['sealed'] as Uint8Array
  return {
    ...{ setId, clientId: key.clientId, share, pair, stored },
    opened: async () => [
      sealer.open(shareContext(key.clientId, setId), await stored('shares')),
      sealer.open(otStateContext(pairKey, epoch), await stored('ot_states')),
    ],
    keyIds: async () => [(await stored('shares'))[0], (await stored('ot_states'))[0]],
  }
}

type SealedSet = Awaited<ReturnType<typeof sealedSet>>

/** The key of the log, and of `count` sets, are sealed by the key before the current one. */
async function before(count: number) {
  sealer ??= tables.context.sealer
  const sets = []
  for (let i = 0; i < count; i++) sets.push(await sealedSet(1 + (i % 2)))
  sealer = nextSealer()
  return sets
}

test('each share, each setup and the key of the log are sealed again, once', async () => {
  const sets = await before(6)
  const key = await readAuditKey(tables.database, sealer)
  expect(await rotate(context())).toEqual({ resealed: 2 * 6 + 1, remaining: 0 })
  for (const set of sets) {
    expect(await set.opened()).toEqual([set.share, set.pair])
    expect(await set.keyIds()).toEqual([current.id, current.id])
  }
  expect(await readAuditKey(tables.database, createSealer({ current }, random))).toEqual(key)
  const told = async () => (await tables.log('')).at(-1)
  expect(await told()).toBe('masterKeyChanged 1 2')
  const [length] = await query('select sequence from reshare_audit_heads')
  expect(await rotate(context())).toEqual({ resealed: 0, remaining: 0 })
  expect(await query('select sequence from reshare_audit_heads')).toEqual([length])
  expect(tables.errors).toEqual([])
})

test('what no key opens is told of and counted, and holds up no other', async () => {
  const sets = await before(4)
  const [id, old] = [current.id, Uint8Array.of(200)]
  const broken = [...sets].sort((a, b) => (a.setId < b.setId ? -1 : 1))[1]!
  const { setId } = broken
  for (const table of ['shares', 'ot_states']) await query(`delete from reshare_${table} where set_id = $1`, [setId])
  await query('insert into reshare_shares (set_id, sealed) values ($1, $2)', [setId, old])
  await query('insert into reshare_ot_states (set_id, sealed, poisoned, epoch) values ($1, $2, false, 1)', [setId, old])
  expect(await rotate(context())).toEqual({ resealed: 2 * 3 + 1, remaining: 2 })
  const unreadable = (table: string) =>
    leftForLater(`row ${setId} of reshare_${table}`, expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }))
  expect(tables.errors.splice(0)).toEqual([unreadable('shares'), unreadable('ot_states')])
  for (const set of sets) if (set !== broken) expect(await set.keyIds()).toEqual([id, id])
  expect(await broken.stored('shares')).toEqual(old)
})

test('what is soon forgotten is counted only, and what is sealed by the current key is not', async () => {
  await before(0)
  await rotate(context())
  for (const [by, remaining] of [
    [current.id, 0],
    [1, 3],
  ] as const) {
    const key = tables.key()
    const sealed = Uint8Array.of(by, 1, 2)
    const setId = await tables.set(key)
    for (const table of ['shares', 'ot_states']) await query(`delete from reshare_${table} where set_id = $1`, [setId])
    await tables.begin(tables.key())
    await tables.begin(key)
    await query('update reshare_operations set state = $2 where operation_id = $1', [key.operationId, sealed])
    await query(
      `insert into reshare_responses (client_id, operation_id, round, request_hash, sealed) values ($1, $2, 1, '', $3)`,
      [key.clientId, key.operationId, sealed],
    )
    await query(
      `insert into reshare_preprocessings (set_id, preprocessing_id, sealed, epoch, created_at, expires_at)
       values ($1, 'one', $2, 1, $3, $3)`,
      [setId, sealed, new Date(START)],
    )
    expect(await rotate(context())).toEqual({ resealed: 0, remaining })
  }
  expect(tables.errors).toEqual([])
})

test('what is destroyed or replaced meanwhile stays as it is', async () => {
  const [gone, replaced] = (await before(2)) as [SealedSet, SealedSet]
  let raced = false
  const fresh = sealer.seal(otStateContext(replaced, 2), random(9))
  const database: Database = {
    ...tables.database,
    transaction: async (work, isolation) => {
      if (!raced) {
        raced = true
        await query('delete from reshare_shares where set_id = $1', [gone.setId])
        await query('update reshare_ot_states set sealed = $2 where set_id = $1', [replaced.setId, fresh])
      }
      return tables.database.transaction(work, isolation)
    },
  }
  expect(await rotate(context({ database }))).toEqual({ resealed: 1 + 1 + 1, remaining: 0 })
  expect(await gone.stored('shares')).toBeUndefined()
  expect(await replaced.stored('ot_states')).toEqual(fresh)
  expect(tables.errors).toEqual([])
})

test('a share changes only while a rotation says that it may', async () => {
  const [set] = await before(1)
  const settings: unknown[] = []
  const database: Database = {
    ...tables.database,
    transaction: async (work, isolation) => {
      const result = await tables.database.transaction(work, isolation)
      settings.push((await query(`select current_setting('reshare.resealing', true) as value`))[0]?.['value'])
      return result
    },
  }
  await rotate(context({ database }))
  expect(settings.length).toBe(3)
  expect(settings.every((value) => value !== 'on')).toBe(true)
  await expect(
    query('update reshare_shares set sealed = set_byte(sealed, 0, 99) where set_id = $1', [set!.setId]),
  ).rejects.toThrow('never overwritten')
})

test('a key of the log that does not open is told of, and the sets are sealed again', async () => {
  const sets = await before(1)
  const open: Sealer['open'] = (place, sealed) => sealer.open(place, sealed)
  const failure = new Error('does not open')
  const reseal: Sealer['reseal'] = (place, sealed) => {
    if (place.purpose === 'audit key') throw failure
    return sealer.reseal(place, sealed)
  }
  const { resealed, remaining } = await rotate(context({ sealer: { ...sealer, open, reseal } }))
  expect([resealed, remaining]).toEqual([2, 1])
  expect(tables.errors.splice(0)).toEqual([leftForLater('key of the log', failure)])
  expect(await sets[0]!.opened()).toEqual([sets[0]!.share, sets[0]!.pair])
  expect(await rotate(context())).toEqual({ resealed: 1, remaining: 0 })
})
