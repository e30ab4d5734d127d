// A signing server that sends its events to a receiver of Standard Webhooks, both in this runtime. Each runtime listens in
// its own way (events-*.mjs).
import { Buffer } from 'node:buffer'
import { createClient, generateWallet, sign } from 'reshare'
import { createServer, eventOutbox } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { memoryStore } from 'reshare/storage'
import { inProcessTransport } from 'reshare/transport'
import { Webhook } from 'standardwebhooks'

/** Longer than the pauses after the first failed attempts, and together shorter than what a receiver accepts. */
const PAUSE_MS = 15_000

/** What a receiver answers to the attempts of the first event, before it takes it: none of it is a 2xx. */
const REFUSALS = [{ status: 302, headers: { location: '/elsewhere' } }, { status: 500 }]

/**
 * @param {(handle: (request: Request) => Promise<Response>) => { url: string, close: () => unknown }} listen
 * @returns {Promise<void>} prints `{ types, attempts, outbox }`
 */
export async function runEvents(listen) {
  const secrets = [newSecret(), newSecret()]
  const [, current] = secrets
  const webhook = new Webhook(current)
  const attempts = []
  const received = new Map()
  const receiver = listen(async (request) => {
    const { pathname } = new URL(request.url)
    const event = webhook.verify(await request.text(), Object.fromEntries(request.headers))
    attempts.push({ pathname, id: request.headers.get('webhook-id') })
    const refusal = REFUSALS[attempts.length - 1]
    if (refusal !== undefined) return new Response(null, refusal)
    received.set(request.headers.get('webhook-id'), event)
    return new Response(null, { status: 204 })
  })
  const database = pgliteDatabase()
  let passedMs = 0
  const failures = []
  const server = createServer({
    database,
    masterKey: crypto.getRandomValues(new Uint8Array(32)),
    authenticate: () => ({ clientId: 'ann' }),
    events: { url: `${receiver.url}/events`, secrets },
    now: () => Date.now() + passedMs,
    onError: (error) => failures.push(`${error}`),
  })
  try {
    const client = createClient({ transport: inProcessTransport(server), storage: memoryStore() })
    const { id: walletId } = await generateWallet(client)
    // Before its first signature, the new set is proven.
    await sign(client, { walletId, scheme: 'ed25519', message: new Uint8Array(32) })
    for (let attempt = 0; attempt <= REFUSALS.length; attempt++) {
      await server.deliverEvents()
      passedMs += PAUSE_MS
    }
    const types = [...received.values()].map(({ type }) => type)
    const outbox = await eventOutbox(database).status()
    console.log(JSON.stringify({ types, attempts, failures, outbox }))
  } finally {
    await receiver.close()
    await database.close()
  }
}

function newSecret() {
  return `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`
}
