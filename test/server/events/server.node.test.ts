import { expect, test } from 'vitest'
import { createMetrics, type ServerOptions } from '../../../src/server/index.ts'
import { seededRandom } from '../../support/random.ts'
import { testReceiver } from '../support/events.ts'
import { valueOf } from '../support/exposition.ts'
import { fileWorld } from '../support/file-world.ts'
import { newWallet } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

const random = seededRandom()
let world: World
fileWorld((made) => (world = made))

test('delivers what its requests have caused; the metrics count it, without ids', async () => {
  const receiver = testReceiver(random, { attempts: 1 })
  // The gauges are read once in ten seconds.
  const exposed = () => createMetrics({ database: world.database }).expose()
  const metrics = createMetrics()
  const server = world.server({ events: receiver.options, onMetric: metrics.onMetric })
  const client = world.client([server])
  await newWallet(client)
  let text = await exposed()
  expect(valueOf(text, 'reshare_events_pending')).toBe(1)
  expect(valueOf(text, 'reshare_events_oldest_seconds')).toBeGreaterThan(0)
  await server.deliverEvents()
  expect(receiver.received).toMatchObject([{ event: { type: 'set.created', data: { clientId: client.clientId } } }])
  receiver.respond = () => 500
  await newWallet(client)
  await server.deliverEvents()
  text = await exposed()
  expect(valueOf(text, 'reshare_events_pending')).toBe(0)
  expect(valueOf(text, 'reshare_events_oldest_seconds')).toBe(0)
  expect(valueOf(text, 'reshare_events_dead')).toBe(1)
  const counted = await metrics.expose()
  const count = (outcome: string) => valueOf(counted, 'reshare_event_deliveries_total', { outcome })
  expect([count('delivered'), count('failed'), count('dead')]).toEqual([1, 0, 1])
  expect(valueOf(counted, 'reshare_event_delivery_duration_seconds_count')).toBe(2)
  for (const { id } of receiver.received) expect(text + counted).not.toContain(id)
  expect(text + counted).not.toContain(client.clientId)
  expect(world.errors.splice(0)).toHaveLength(1)
})

test('requests and readiness do not wait for a receiver that does not respond', async () => {
  const receiver = testReceiver(random, { timeoutMs: 60_000 })
  let responds = (_: number): void => undefined
  receiver.respond = () => new Promise((resolve) => (responds = resolve))
  const server = world.server({ events: receiver.options })
  const client = world.client([server])
  await newWallet(client)
  const delivering = server.deliverEvents()
  await expect.poll(() => receiver.received.length).toBe(1)
  expect(await server.ready()).toMatchObject({ ready: true })
  await newWallet(client)
  await server.sweep()
  expect(receiver.received).toHaveLength(1)
  receiver.respond = () => 200
  responds(200)
  await delivering
  await server.deliverEvents()
  expect(receiver.received).toHaveLength(2)
})

test('does nothing without the option', async () => {
  const server = world.server()
  await newWallet(world.client([server]))
  await server.deliverEvents()
  expect(await world.database.query('select 1 from reshare_events where ended_at is null')).toEqual([])
  await expect(server.deliverEvents(null as never)).rejects.toThrow(TypeError)
})

test('says at once what is wrong with the option', () => {
  const { options } = testReceiver(random)
  const make = (events: unknown) => () => world.server({ events } as Partial<ServerOptions>)
  expect(make({ ...options, url: 'http://app.test' })).toThrow('events.url must be https')
  expect(make({ ...options, secrets: undefined })).toThrow('a secret for events')
  expect(make(null)).toThrow(TypeError)
  expect(make('https://app.test')).toThrow(TypeError)
})
