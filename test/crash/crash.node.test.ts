import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/server/database/types.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { flows } from './support/flows.ts'
import { endAtEveryPoint, type Fault } from './support/matrix.ts'
import { createLine } from './support/wallet-line.ts'
import { createWorld } from './support/world.ts'

const faults: readonly Fault[] = ['client', 'device', 'server', 'server, sent again']

const matrix = faults.flatMap((fault) =>
  flows
    // A device that had the wallet before and loses all it stores is the story of a recovery, not of a crash.
    .filter(({ newDevice }) => fault !== 'device' || newDevice)
    .map((flow) => ({ flow, fault, name: flow.name })),
)

// The points are the same on every database; what differs is how a transaction ends with its server.
const sample = matrix.filter(({ name, fault }) => name === 'recover retire' && fault.startsWith('server'))

describe.each(databaseKinds)('on $name', ({ name: kind, open }) => {
  let database: Database

  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.close())

  test.each(kind === 'PGlite' ? matrix : sample)(
    '$name: nothing is lost whenever the $fault ends',
    { timeout: 300_000 },
    async ({ flow, fault }) => {
      const line = await createLine(createWorld(database))
      const { points, losses } = await endAtEveryPoint(line, flow, fault)
      expect(losses).toEqual([])
      expect(points.length).toBeGreaterThanOrEqual(8)
    },
  )
})
