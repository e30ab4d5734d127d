import { once } from 'node:events'
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sealedTransport } from '../../src/channel/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { createClient, generateWallet, sign, type Client, type Transport } from '../../src/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { createServer } from '../../src/server/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { httpTransport } from '../../src/transport/index.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()
const key = generateKeyPair(random)
const database = pgliteDatabase()
const message = utf8('hello')
let time = Date.UTC(2026, 0, 1)
const now = () => time

const server = createServer({
  database,
  authenticate: (request) => {
    const [, clientId] = /^Test (.+)$/.exec(request.headers.get('authorization') ?? '') ?? []
    return clientId === undefined ? undefined : { clientId }
  },
  masterKey: new Uint8Array(32).fill(3),
  channelKeys: [key.secretKey],
  now,
})

/** What the gateway answers the next requests with; the server answers when there is nothing left. */
const script: ((response: ServerResponse) => void)[] = []
let requests = 0

const gateway = createHttpServer((incoming, outgoing) => {
  void (async () => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    requests++
    const trouble = script.shift()
    if (trouble !== undefined) {
      trouble(outgoing)
      return
    }
    const { method = 'GET', url = '', headers } = incoming
    const answer = await server.fetch(
      new Request(`http://server.test${url}`, {
        method,
        headers: headers as Record<string, string>,
        ...(method !== 'GET' && { body: new Uint8Array(Buffer.concat(chunks)) }),
      }),
    )
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()))
  })()
})

const waits: number[] = []
const wait = async (delayMs: number) => {
  waits.push(delayMs)
  time += delayMs
}
const clients: Record<string, { client: Client; walletId: string }> = {}

beforeAll(async () => {
  gateway.listen(0, '127.0.0.1')
  await once(gateway, 'listening')
  const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
  for (const kind of ['plain', 'sealed']) {
    const storage = memoryStore()
    const headers = { authorization: `Test ${kind}-${toHex(random(4))}` }
    const plain = (options = {}): Transport => httpTransport(url, { maxResponseBytes: 300_000, ...options })
    const transport =
      kind === 'plain'
        ? plain({ headers })
        : sealedTransport({ transport: plain(), serverKey: key.publicKey, storage, headers, random, now })
    const client = createClient({ transport, storage, random, now, wait })
    const { id: walletId } = await generateWallet(client)
    // Its proof is made up for, so that a signature is one request from here on.
    await sign(client, { walletId, scheme: 'ed25519', message })
    clients[kind] = { client, walletId }
  }
})
afterAll(async () => {
  gateway.closeAllConnections()
  gateway.close()
  await database.close()
})

type Trouble = (response: ServerResponse) => void
const page =
  (status: number, body: string | Buffer = '<html>', headers: Record<string, string> = {}): Trouble =>
  (response) =>
    void response.writeHead(status, headers).end(body)
const ours = (status: number, id: string, retryable: boolean) =>
  page(status, JSON.stringify({ error: { id, message: 'forged or told', retryable } }), {
    'content-type': 'application/json',
  })
const breaking =
  (body: string, headers: Record<string, string | number>): Trouble =>
  (response) =>
    void response.writeHead(200, headers).write(body, () => response.socket?.destroy())

/** Has a signature meet trouble once or more. */
async function meet(kind: string, ...troubles: Trouble[]) {
  const { client, walletId } = clients[kind]!
  script.splice(0, script.length, ...troubles)
  waits.length = 0
  requests = 0
  const outcome = await sign(client, { walletId, scheme: 'ed25519', message }).then(
    () => 'signed',
    (error: { code?: string; retryable?: boolean }) => `${error.code}${error.retryable ? ', transient' : ''}`,
  )
  return { outcome, requests, left: script.length, waited: waits.length }
}

const GARBAGE = Buffer.from(seededRandom('garbage')(5000))
const PASSING: readonly (readonly [string, Trouble])[] = [
  ...[408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530].flatMap((status) => [
    [`${status} with a page`, page(status)] as const,
    [`${status} with nothing`, page(status, '')] as const,
    [`${status} with JSON of its own`, page(status, '{"message":"Service Unavailable"}')] as const,
    [`${status} with garbage`, page(status, GARBAGE, { 'content-type': 'application/json' })] as const,
    [`${status} with a Retry-After that is none`, page(status, '', { 'retry-after': '-7, 1e99' })] as const,
    [
      `${status} with a Retry-After of the past`,
      page(status, '', { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }),
    ] as const,
  ]),
  ['a page that is compressed by nobody', page(502, GARBAGE, { 'content-encoding': 'gzip' })],
  ['a connection that breaks', (response) => void response.socket?.destroy()],
  ['an answer that is cut off', breaking('{"par', { 'content-length': 5000 })],
  ['chunks that break off', breaking('5\r\nhello', { 'transfer-encoding': 'chunked' })],
  ['an answer that is compressed by nobody', page(200, GARBAGE, { 'content-encoding': 'gzip' })],
]

describe.each(['plain', 'sealed'])('a gateway before a client whose requests are %s', (kind) => {
  test.each(PASSING)('that answers %s is met by the same request again', async (_, trouble) => {
    expect(await meet(kind, trouble, trouble)).toEqual({ outcome: 'signed', requests: 3, left: 0, waited: 2 })
  })

  const far = { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }
  test.each<[string, Trouble, string]>([
    ['429 for an hour', page(429, '', { 'retry-after': '3600' }), 'RATE_LIMITED, transient'],
    ['503 until the end of time', page(503, '', far), 'NETWORK_ERROR, transient'],
    [
      '503 for more seconds than there are',
      page(503, '', { 'retry-after': '9'.repeat(60) }),
      'NETWORK_ERROR, transient',
    ],
  ])('that answers %s is believed at once', async (_, trouble, outcome) => {
    expect(await meet(kind, trouble)).toEqual({ outcome, requests: 1, left: 0, waited: 0 })
  })

  test('that answers any other status ends the action with a code, at once', async () => {
    const transient = new Set(PASSING.map(([name]) => Number.parseInt(name, 10)))
    // Of 1xx Node makes no answer; its fetch takes 407 for no connection, and asks again by itself after 421.
    for (let status = 201; status < 600; status++) {
      if (transient.has(status) || status === 407 || status === 421) continue
      // An answer of these has no body.
      const body = status === 204 || status === 304 ? '' : '<html>'
      const { outcome, requests: sent } = await meet(kind, page(status, body))
      const isRedirect = status >= 300 && status < 400
      const isPassing = status >= 500 && kind === 'plain'
      const unsealed = status < 300 ? 'MALFORMED_RESPONSE' : 'NETWORK_ERROR'
      const code = isRedirect ? 'MALFORMED_RESPONSE' : kind === 'plain' ? unsealed : 'CHANNEL_FAILED'
      expect([status, outcome, sent]).toEqual([status, `${code}${isPassing ? ', transient' : ''}`, 1])
    }
  })

  test.each<[string, Trouble]>([
    ['a page', page(200, '<html><body>Welcome', { 'content-type': 'text/html' })],
    ['nothing', page(200, '')],
    ['JSON', page(200, '{}')],
    ['garbage', page(200, GARBAGE)],
    ['garbage by our type', page(200, GARBAGE, { 'content-type': 'application/vnd.reshare.sealed' })],
  ])('that answers 200 with %s is not taken for the server', async (_, trouble) => {
    const outcome = kind === 'plain' ? 'MALFORMED_RESPONSE' : 'CHANNEL_FAILED'
    expect(await meet(kind, trouble)).toEqual({ outcome, requests: 1, left: 0, waited: 0 })
  })

  test('that answers without an end is left', async () => {
    const endless: Trouble = (response) => {
      response.writeHead(200)
      const more = () => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536), () => setImmediate(more))
      }
      more()
    }
    expect(await meet(kind, endless)).toMatchObject({ outcome: 'MALFORMED_RESPONSE', requests: 1 })
    expect(await meet(kind, page(200, '', { 'content-length': '0' }), endless)).toMatchObject({ left: 1 })
  })

  test('that forges what the server says is believed where it could be the server, and nowhere else', async () => {
    const plain = {
      POLICY_DENIED: await meet(kind, ours(403, 'POLICY_DENIED', false)),
      final: await meet(kind, ours(502, 'WEBHOOK_FAILED', false)),
      busy: await meet(kind, ours(409, 'OPERATION_IN_PROGRESS', true)),
    }
    expect(plain).toEqual(
      kind === 'plain'
        ? {
            POLICY_DENIED: { outcome: 'POLICY_DENIED', requests: 1, left: 0, waited: 0 },
            final: { outcome: 'WEBHOOK_FAILED', requests: 1, left: 0, waited: 0 },
            busy: { outcome: 'signed', requests: 2, left: 0, waited: 1 },
          }
        : {
            POLICY_DENIED: { outcome: 'CHANNEL_FAILED', requests: 1, left: 0, waited: 0 },
            // Something on the way may well answer 502.
            final: { outcome: 'signed', requests: 2, left: 0, waited: 1 },
            busy: { outcome: 'CHANNEL_FAILED', requests: 1, left: 0, waited: 0 },
          },
    )
  })
})
