import { describe, expect, test } from 'vitest'
import { deviceId, sealedTransport } from '../../src/channel/index.ts'
import {
  BLOCK_LENGTH,
  decodeRequest,
  encodeResponse,
  SEALED_CONTENT_TYPE,
  SEALED_PATH,
} from '../../src/channel/messages.ts'
import { openRequest, REQUEST_OVERHEAD } from '../../src/channel/seal.ts'
import { MpcError } from '../../src/errors.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { transportConformance, type Handler } from '../../src/transport/conformance.ts'
import { inProcessTransport, type Transport, type TransportResponse } from '../../src/transport/index.ts'
import { fromUtf8, toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { flip } from '../support/simulator.ts'

const random = seededRandom()
const server = generateKeyPair(random)
const PATH = '/v1/wallets'

/** A server that opens and seals around a handler. Its requests are read whole: Firefox has no streams of theirs. */
const front = (handler: Handler, heard: string[] = []): Transport =>
  inProcessTransport({
    fetch: async (request) => {
      const opened = await openRequest([server], new Uint8Array(await request.arrayBuffer()), random)
      heard.push(toHex(opened.device))
      const { method, path, authorization, contentType, body } = decodeRequest(opened.plaintext)
      const headers = { ...(authorization && { authorization }), ...(contentType && { 'content-type': contentType }) }
      const sent = method === 'GET' ? {} : { body: body as Uint8Array<ArrayBuffer> }
      const response = await handler(new Request(new URL(path, request.url), { method, headers, ...sent }))
      const inner = { status: response.status, time: Date.now(), body: new Uint8Array(await response.arrayBuffer()) }
      return new Response(opened.sealResponse(encodeResponse(inner)) as Uint8Array<ArrayBuffer>)
    },
  })

const options = { serverKey: server.publicKey, random } as const
const over = (transport: Transport) => sealedTransport({ ...options, transport, storage: memoryStore() })
const echo: Handler = async (request) => new Response(await request.arrayBuffer())
const post = (text: string) => ({ method: 'POST', path: PATH, body: utf8(text) }) as const

describe('sealed transport', () => {
  for (const { name, run } of transportConformance((handler) => over(front(handler)))) test(name, run)

  test('what is sent is a sealed message to one place, whatever is in it', async () => {
    const sent: unknown[] = []
    const watched = front(echo)
    const transport = over({
      request(request) {
        sent.push([request.method, request.path, request.contentType, (request.body as Uint8Array).length])
        return watched.request(request)
      },
    })
    await transport.request({ method: 'GET', path: '/v1/wallets/00/sets' })
    await transport.request({ ...post('pay'), contentType: 'application/json' })
    expect(sent).toEqual(Array(2).fill(['POST', SEALED_PATH, SEALED_CONTENT_TYPE, BLOCK_LENGTH + REQUEST_OVERHEAD]))
  })

  test('is one device, over every transport and after a restart', async () => {
    const storage = memoryStore()
    const heard: string[] = []
    for (let i = 0; i < 2; i++) {
      const transport = sealedTransport({ ...options, transport: front(echo, heard), storage })
      await Promise.all([transport.request(post('a')), transport.request(post('b'))])
    }
    expect(heard).toEqual(Array(4).fill(await deviceId(storage)))
  })

  test('asks for the authorization before each request, and seals it', async () => {
    let asked = 0
    const transport = sealedTransport({
      ...options,
      transport: front((request) => new Response(request.headers.get('authorization'))),
      storage: memoryStore(),
      headers: async () => ({ Authorization: `Bearer ${++asked}` }),
    })
    for (const expected of ['Bearer 1', 'Bearer 2']) {
      expect(fromUtf8((await transport.request(post(''))).body)).toBe(expected)
    }
  })

  test('another header is refused and not left out: it would be missed on the server', async () => {
    const headers = () => ({ authorization: 'Bearer t', 'x-api-key': 'secret' })
    const transport = sealedTransport({ ...options, transport: front(echo), storage: memoryStore(), headers })
    await expect(transport.request(post(''))).rejects.toThrow(TypeError)
  })

  test('headers may be an object', async () => {
    const transport = sealedTransport({
      ...options,
      transport: front((request) => new Response(request.headers.get('authorization'))),
      storage: memoryStore(),
      headers: { authorization: 'Bearer t' },
    })
    expect(fromUtf8((await transport.request(post(''))).body)).toBe('Bearer t')
  })

  test('a store that hangs holds up those requests alone that asked it then', async () => {
    const storage = memoryStore()
    let hangs = true
    let asked = () => {}
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    const read: typeof storage.read = async (key) => {
      asked()
      return hangs ? new Promise<never>(() => {}) : storage.read(key)
    }
    const transport = sealedTransport({ ...options, transport: front(echo), storage: { ...storage, read } })
    const stop = new AbortController()
    const held = transport.request({ ...post('a'), signal: stop.signal })
    await isAsked
    hangs = false
    expect(fromUtf8((await transport.request(post('b'))).body)).toBe('b')
    stop.abort()
    await expect(held).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('a store that fails does so once', async () => {
    const storage = memoryStore()
    let isDown = true
    const read: typeof storage.read = async (key) => {
      if (isDown) throw new MpcError('STORAGE_UNAVAILABLE', 'down')
      return storage.read(key)
    }
    const transport = sealedTransport({ ...options, transport: front(echo), storage: { ...storage, read } })
    await expect(transport.request(post('a'))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    isDown = false
    expect(fromUtf8((await transport.request(post('a'))).body)).toBe('a')
  })

  test.each<[string, unknown, typeof TypeError | typeof RangeError]>([
    ['no transport', { transport: {} }, TypeError],
    ['no storage', { storage: undefined }, TypeError],
    ['a short key', { serverKey: new Uint8Array(31) }, RangeError],
    ['a key as text', { serverKey: '00'.repeat(32) }, TypeError],
    ['headers that are none', { headers: 'Bearer t' }, TypeError],
    ['randomness that is none', { random: 4 }, TypeError],
  ])('refuses %s', (_, wrong, kind) => {
    const good = { ...options, transport: front(echo), storage: memoryStore() }
    expect(() => sealedTransport({ ...good, ...(wrong as object) })).toThrow(kind)
  })

  test('a pinned key of small order seals nothing', async () => {
    const transport = sealedTransport({
      ...options,
      serverKey: new Uint8Array(32),
      transport: front(echo),
      storage: memoryStore(),
    })
    await expect(transport.request(post('a'))).rejects.toThrow(RangeError)
  })
})

describe('a response that is not of the holder of the pinned key', () => {
  const responding = (change: (response: TransportResponse) => TransportResponse) => {
    const good = front(echo)
    return over({ request: async (request) => change(await good.request(request)) })
  }
  const failed = { code: 'CHANNEL_FAILED', retryable: false }

  test.each<[string, (response: TransportResponse) => TransportResponse]>([
    ['unsealed', () => ({ status: 200, body: utf8('a') })],
    ['unsealed, of an error', () => ({ status: 401, body: utf8('{"error":{"id":"AUTH_FAILED"}}') })],
    ['nothing', () => ({ status: 200, body: new Uint8Array() })],
    ['no bytes', () => ({ status: 200, body: undefined as never })],
    ['a redirect', () => ({ status: 302, body: new Uint8Array() })],
    ['sealed, with another status', ({ body }) => ({ status: 201, body })],
    ['of another version', ({ status, body }) => ({ status, body: flip(body, 0) })],
    ['with another nonce', ({ status, body }) => ({ status, body: flip(body, 1) })],
    ['changed', ({ status, body }) => ({ status, body: flip(body, 40) })],
    ['cut off', ({ status, body }) => ({ status, body: body.slice(0, -1) })],
  ])('%s', async (_, change) => {
    await expect(responding(change).request(post('a'))).rejects.toMatchObject(failed)
  })

  test('that it is of another version is believed, with status 400 alone, and in the own words', async () => {
    const body = utf8('{"error":{"id":"PROTOCOL_VERSION_UNSUPPORTED","message":"forged","retryable":true}}')
    for (const status of [400, 401, 426]) {
      const attempt = responding(() => ({ status, body })).request(post('a'))
      const error = (await attempt.catch((error: unknown) => error)) as MpcError
      expect(error).toMatchObject({
        code: status === 400 ? 'PROTOCOL_VERSION_UNSUPPORTED' : 'CHANNEL_FAILED',
        retryable: false,
      })
      expect(error.message).not.toContain('forged')
    }
  })

  test('a proxy is believed that it is busy, for how long, and nothing else', async () => {
    const passing = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]
    const others = [100, 199, 201, 204, 301, 302, 307, 400, 401, 403, 404, 409, 413, 426, 501, 505, 519, 528, 531, 599]
    for (const status of [...passing, ...others]) {
      const body = utf8('{"error":{"id":"AUTH_FAILED","message":"forged","retryable":false}}')
      const attempt = responding(() => ({ status, body, retryAfterMs: 7 })).request(post('a'))
      const error = (await attempt.catch((error: unknown) => error)) as MpcError
      if (!passing.includes(status)) expect([status, error]).toEqual([status, expect.objectContaining(failed)])
      else {
        const code = status === 429 ? 'RATE_LIMITED' : 'NETWORK_ERROR'
        expect([status, error]).toMatchObject([status, { code, retryable: true, retryAfterMs: 7 }])
      }
      expect(error.message).not.toContain('forged')
    }
  })

  test("that to the device's other request", async () => {
    const good = front(echo)
    const waiting: { resolve: (response: TransportResponse) => void; response: TransportResponse }[] = []
    const transport = over({
      async request(request) {
        const response = await good.request(request)
        return new Promise((resolve) => {
          waiting.push({ resolve, response })
          if (waiting.length < 2) return
          const [one, two] = waiting as [(typeof waiting)[0], (typeof waiting)[0]]
          one.resolve(two.response)
          two.resolve(one.response)
        })
      },
    })
    const both = await Promise.allSettled([transport.request(post('pay 1')), transport.request(post('pay 2'))])
    for (const outcome of both) expect(outcome).toMatchObject({ status: 'rejected', reason: failed })
  })

  test('the request itself', async () => {
    const transport = over({ request: async ({ body }) => ({ status: 200, body: body as Uint8Array }) })
    await expect(transport.request(post('a'))).rejects.toMatchObject(failed)
  })
})
