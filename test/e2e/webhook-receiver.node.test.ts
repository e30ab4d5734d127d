import { afterAll, afterEach, expect, test } from 'vitest'
import { createReceiver, type Inbox } from '../../examples/webhook-receiver/receiver.ts'
import { createClient, generateWallet } from '../../src/index.ts'
import { webhookHeaders, readWebhookSecrets } from '../../src/server/events/signature.ts'
import { createServer, eventOutbox, type WalletEvent } from '../../src/server/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { listen } from '../support/listen.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const database = pgliteDatabase()
const inbox: Inbox = new Map()
const handled: WalletEvent[] = []
const receiver = createReceiver(secret, inbox, (event) => handled.push(event))
const { url, close } = await listen(receiver.fetch)
const errors: unknown[] = []
const server = createServer({
  database,
  masterKey: new Uint8Array(32).fill(3),
  authenticate: () => ({ clientId: 'ann' }),
  onError: (error) => errors.push(error),
  events: { url: `${url}/events`, secrets: [secret] },
})
afterEach(() => expect(errors.splice(0)).toEqual([]))
afterAll(async () => {
  await close()
  await database.close()
})

const handledNext = () => new Promise((resolve) => setImmediate(resolve))

test('an event of a wallet arrives over HTTP, and a repetition of it is ignored', async () => {
  const client = createClient({ transport: inProcessTransport(server), storage: memoryStore() })
  const { id: walletId } = await generateWallet(client)
  await server.deliverEvents()
  await handledNext()
  expect(handled.map(({ type }) => type)).toContain('set.created')
  expect(handled.every(({ data }) => data.clientId === 'ann' && data.walletId === walletId)).toBe(true)
  const count = handled.length
  expect(inbox.size).toBe(count)
  const replayed = await eventOutbox(database).replay({ from: new Date(0), to: new Date('9999-12-31') })
  expect(replayed).toBe(count)
  await server.deliverEvents()
  await handledNext()
  expect(await eventOutbox(database).status()).toMatchObject({ pending: 0, dead: 0 })
  expect(handled).toHaveLength(count)
})

test('what the server has not signed is refused', async () => {
  const body = JSON.stringify({
    type: 'device.revoked',
    timestamp: '',
    version: 1,
    data: { clientId: 'ann', sequence: 1 },
  })
  const seconds = Math.floor(Date.now() / 1000)
  const headers = webhookHeaders(readWebhookSecrets(secret), { id: 'evt_1', seconds, body })
  const other = webhookHeaders(readWebhookSecrets(`whsec_${Buffer.alloc(32, 8).toString('base64')}`), {
    ...{ id: 'evt_1', seconds, body },
  })
  const send = async (init: { body: string; headers: Record<string, string> }) =>
    (await fetch(`${url}/events`, { method: 'POST', ...init })).status
  expect(await send({ body, headers: other })).toBe(401)
  expect(await send({ body: body.replace('ann', 'bob'), headers })).toBe(401)
  expect(await send({ body, headers: { ...headers, 'webhook-id': 'evt_2' } })).toBe(401)
  expect(await send({ body, headers: {} })).toBe(401)
  expect(await send({ body: 'x'.repeat(65 * 1024), headers })).toBe(413)
  expect(inbox.has('evt_1')).toBe(false)
  expect(await send({ body, headers })).toBe(204)
  expect(inbox.has('evt_1')).toBe(true)
})
