import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMetrics } from '../../../src/server/index.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { seededRandom } from '../../support/random.ts'
import { ClientOperation } from '../../support/server-client.ts'
import { cheat } from '../support/ecdsa.ts'
import { valueOf } from '../support/exposition.ts'
import { newWallet, prove, signEcdsa } from '../support/wallets.ts'
import { createWorld, type World } from '../support/world.ts'

const HOUR = 3_600_000

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), seededRandom())
})
afterAll(() => world.database.close())

test('a ban and a lock-out are counted by the process that commits them', async () => {
  const [metrics, others] = [createMetrics(), createMetrics()]
  const limits = { rates: null, lockOut: { failures: 1, withinMs: HOUR, lockedMs: HOUR } }
  const client = world.client([world.server({ limits, onMetric: metrics.onMetric })])
  const other = world.client([world.server({ onMetric: others.onMetric })])
  const wallet = await newWallet(client)
  const cheated = signEcdsa(client, wallet)
  cheated.take(await cheated.post())
  cheat(cheated)
  expect((await cheated.post()).status).toBe(422)

  const wrong = { ...wallet.signing, shares: (await newWallet(other)).signing.shares }
  const { request } = prove(client, wallet.signing)
  const failing = new ClientOperation(client, request, wrong, { begins: wallet.signing })
  failing.take(await failing.post())
  expect((await failing.post()).status).toBe(422)
  expect((await prove(client, wallet.signing).post()).status).toBe(429)

  const text = await metrics.expose()
  const eventsOf = (name: string, exposed = text) => valueOf(exposed, 'reshare_set_events_total', { event: name })
  expect([eventsOf('poisoned'), eventsOf('lockedOut')]).toEqual([1, 1])
  expect(valueOf(text, 'reshare_rounds_total', { kind: 'sign', round: '2', code: 'PROTOCOL_ABORTED' })).toBe(1)
  expect(valueOf(text, 'reshare_rounds_total', { kind: 'prove', code: 'RATE_LIMITED' })).toBe(1)
  const elsewhere = await others.expose()
  expect([eventsOf('poisoned', elsewhere), eventsOf('activated', elsewhere)]).toEqual([0, 1])
})
