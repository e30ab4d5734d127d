import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../../src/server/database/types.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { flows, type Flow } from './flows.ts'
import { endAtEveryPoint, type Fault } from './matrix.ts'
import { createLine } from './wallet-line.ts'
import { createWorld } from './world.ts'

/** Tests every flow with these faults, on every database that is here. */
export function describeMatrix(faults: readonly Fault[]): void {
  const matrix = faults.flatMap((fault) =>
    flows
      // A device that had the wallet before and loses all it stores is the story of a recovery, not of a crash.
      .filter(({ newDevice }) => fault !== 'device' || newDevice)
      .map((flow) => ({ flow, fault, name: flow.name })),
  )
  // The points are the same on every database; what differs is how a transaction ends with its server.
  const sample = matrix.filter(({ name }) => name === 'recover retire')
  describe.each(databaseKinds)('on $name', ({ name, open }) => {
    testMatrix(open, name === 'PGlite' ? matrix : sample)
  })
}

interface Case {
  readonly name: string
  readonly flow: Flow
  readonly fault: Fault
}

function testMatrix(open: () => Promise<Database>, cases: readonly Case[]): void {
  let database: Database

  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.close())

  test.each(cases)('$name: nothing is lost whenever the $fault ends', { timeout: 300_000 }, async ({ flow, fault }) => {
    const line = await createLine(createWorld(database))
    const { points, losses } = await endAtEveryPoint(line, flow, fault)
    expect(losses).toEqual([])
    expect(points.length).toBeGreaterThanOrEqual(8)
  })
}
