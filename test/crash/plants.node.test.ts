import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pgliteDatabase } from '../../src/server/database/pglite.ts'
import type { Database } from '../../src/server/database/types.ts'
import { flowNamed } from './support/flows.ts'
import { endAtEveryPoint } from './support/matrix.ts'
import { forgetfulStore, losesItsHalf, retiresBeforeProof } from './support/plants.ts'
import { createLine } from './support/wallet-line.ts'
import { createWorld } from './support/world.ts'

describe('the crash matrix notices', { timeout: 300_000 }, () => {
  let database: Database

  beforeAll(() => {
    database = pgliteDatabase()
  })
  afterAll(() => database.close())

  test('a client that goes on before its share is durable', async () => {
    const line = await createLine(createWorld(database, { createStore: forgetfulStore }))
    const { losses } = await endAtEveryPoint(line, flowNamed('recover retire'), 'client')
    expect(losses.filter((loss) => loss.endsWith('no set signs')).length).toBeGreaterThan(0)
  })

  test('a server that retires before proof', async () => {
    const line = await createLine(createWorld(retiresBeforeProof(database)))
    const { losses } = await endAtEveryPoint(line, flowNamed('recover retire'), 'device')
    expect(losses.filter((loss) => loss.endsWith('no set signs')).length).toBeGreaterThan(0)
    expect(losses.filter((loss) => loss.endsWith('before another had proven to work')).length).toBeGreaterThan(0)
  })

  test('a server that commits without its own half', async () => {
    const line = await createLine(createWorld(database))
    const planted = { ...line, world: createWorld(losesItsHalf(database), { custodian: line.world.custodian }) }
    const { losses } = await endAtEveryPoint(planted, flowNamed('recover keep'), 'client')
    expect(losses.filter((loss) => loss.endsWith('the device cannot recover again')).length).toBeGreaterThan(0)
  })
})
