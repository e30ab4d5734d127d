import { appendFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../../src/service/database/types.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { flows, type Flow } from './flows.ts'
import { countPoints, endAtEveryPoint, endAtPoint, type Fault } from './matrix.ts'
import { openTwoHomes, type TwoHomes } from './two-homes.ts'
import { twoOfThree } from './two-of-three.ts'
import { createLine } from './wallet-line.ts'
import { createCrashWorld } from './world.ts'

/** Where `npm run test:crash` wants the rows of its table: then all points are tried, and not a sample of them. */
const report = process.env['RESHARE_CRASH_REPORT']

/**
 * Tests every flow with these faults, on every database that is here: at every point for the table of `npm run test:crash`,
 * else with one of the faults at one of the points, others in every run.
 */
export function describeMatrix(faults: readonly Fault[]): void {
  const cases = flows.flatMap((flow) => {
    const stories = faults.filter((fault) => isStory(flow, fault))
    if (report !== undefined) return stories.map((fault) => ({ name: `${flow.name}, ${fault}`, flow, faults: [fault] }))
    return stories.length === 0 ? [] : [{ name: flow.name, flow, faults: stories }]
  })
  // The points are the same on every database; what differs is how a transaction ends with its server.
  const sample = cases.filter(({ flow }) => flow.name === 'recover retire')
  describe.each(databaseKinds)('on $name', ({ name, open }) => {
    testMatrix(open, name === 'PGlite' ? cases : sample, name)
  })
}

/** A device that had the wallet before and loses all it stores is the story of a recovery, not of a crash. */
function isStory(flow: Flow, fault: Fault): boolean {
  if (fault === 'device') return flow.newDevice
  if (fault.startsWith('webhook')) return flow.name.startsWith('recover') || flow.changesBackup
  return true
}

interface Case {
  readonly name: string
  readonly flow: Flow
  /** The only fault, or those of which one is tried. */
  readonly faults: readonly Fault[]
}

function testMatrix(open: () => Promise<Database>, cases: readonly Case[], databaseName: string): void {
  let homes: TwoHomes | undefined
  let database: Database

  beforeAll(async () => {
    const moves = cases.some(({ faults }) => faults.some((fault) => fault.startsWith('moved')))
    homes = moves ? await openTwoHomes(open) : undefined
    database = homes?.database ?? (await open())
  })
  afterAll(() => database.close())

  test.each(cases)('$name: nothing is lost', { timeout: 1_800_000 }, async ({ flow, faults }) => {
    const line = await createLine(
      createCrashWorld(database, { ...(homes && { homes }), ...(flow.byTwoOfThree && { method: twoOfThree() }) }),
    )
    if (report === undefined) {
      const random = seededRandom()
      const fault = random.pick(faults)
      const last = random.int(1, await countPoints(line, flow, fault))
      expect((await endAtPoint(line, flow, fault, last)).dataLoss).toEqual([])
      return
    }
    const [fault] = faults
    const { points, dataLoss } = await endAtEveryPoint(line, flow, fault!)
    const row = { database: databaseName, flow: flow.name, fault, points: points.length, dataLoss: dataLoss.length }
    appendFileSync(report, `${JSON.stringify(row)}\n`)
    expect(dataLoss).toEqual([])
    expect(points.length).toBeGreaterThan(0)
  })
}
