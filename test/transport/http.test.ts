import { afterEach, describe, expect, test, vi } from 'vitest'
import { MpcError } from '../../src/errors.ts'
import { transportConformance } from '../../src/transport/conformance.ts'
import { httpTransport, type HttpTransportOptions } from '../../src/transport/index.ts'

type Fetch = NonNullable<HttpTransportOptions['fetch']>

const BASE = 'https://mpc.example/api/'
const GET = { method: 'GET', path: '/v1/sets' } as const

/** A transport over one scripted answer; what was sent is kept. */
function scripted(step: number | Error | Response, options: HttpTransportOptions = {}) {
  const sent: Request[] = []
  const fetch: Fetch = async (url, init) => {
    sent.push(new Request(url, init))
    if (step instanceof Error) throw step
    // A server of another test in this process may have put a class of its own in the place of Response.
    return typeof step === 'number' ? new Response(null, { status: step }) : step
  }
  return { transport: httpTransport(BASE, { fetch, ...options }), sent }
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('http transport', () => {
  const connect = (handler: (request: Request) => Response | Promise<Response>) =>
    httpTransport(BASE, { fetch: async (url, init) => handler(new Request(url, init)) })
  for (const { name, run } of transportConformance(connect)) test(name, run)

  test('appends the path to the base URL, and leaves no timer', async () => {
    const { transport, sent } = scripted(200)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await transport.request(GET)
    expect(vi.getTimerCount()).toBe(0)
    expect(sent[0]?.url).toBe('https://mpc.example/api/v1/sets')
    expect(sent[0]?.redirect).toBe('manual')
  })

  test.each([200, 400, 408, 429, 500, 502, 503, 530])('sends once, whatever is answered: %i', async (status) => {
    const { transport, sent } = scripted(status)
    expect((await transport.request(GET)).status).toBe(status)
    expect(sent).toHaveLength(1)
  })

  test('a connection that breaks is an error that passes', async () => {
    const { transport, sent } = scripted(new TypeError('connection reset'))
    await expect(transport.request(GET)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    expect(sent).toHaveLength(1)
  })

  test.each<[string, HttpTransportOptions['headers']]>([
    ['a function', () => ({ authorization: 'Bearer t', 'content-type': 'text/plain' })],
    ['an asynchronous function', async () => new Headers({ authorization: 'Bearer t' })],
    ['an object', { authorization: 'Bearer t', 'content-type': 'text/plain' }],
    ['pairs', [['authorization', 'Bearer t']]],
    ['Headers', new Headers({ authorization: 'Bearer t' })],
  ])('sends the headers of %s, and the content type of the request', async (_, headers) => {
    const { transport, sent } = scripted(200, { headers })
    await transport.request({ method: 'POST', path: '/v1/x', contentType: 'application/x-reshare' })
    const [{ headers: given }] = sent as [Request]
    expect([given.get('authorization'), given.get('content-type')]).toEqual(['Bearer t', 'application/x-reshare'])
  })

  test('asks for the headers before each request', async () => {
    let token = 0
    const { transport, sent } = scripted(200, { headers: async () => ({ authorization: `Bearer ${++token}` }) })
    await transport.request(GET)
    await transport.request(GET)
    expect(sent.map((request) => request.headers.get('authorization'))).toEqual(['Bearer 1', 'Bearer 2'])
  })

  test.each<[string, unknown]>([
    ['a token', 'Bearer secret'],
    ['null', null],
    ['a number', 7],
    ['a name that is none', { 'a b': 'secret' }],
    ['a value with a line break', { authorization: 'Bearer\nsecret' }],
    ['a value beyond Latin-1', { authorization: 'Bearer secret…' }],
  ])('headers that are %s are refused, at once or when they are given, and not quoted', async (_, wrong) => {
    const naming = expect.objectContaining({ message: expect.stringMatching(/^headers (?!.*secret)/) })
    expect(() => httpTransport(BASE, { headers: wrong as never })).toThrow(TypeError)
    expect(() => httpTransport(BASE, { headers: wrong as never })).toThrow(naming)
    const { transport, sent } = scripted(200, { headers: () => wrong as never })
    await expect(transport.request(GET)).rejects.toEqual(naming)
    await expect(transport.request(GET)).rejects.toBeInstanceOf(TypeError)
    expect(sent).toEqual([])
  })

  test('headers that fail are an error that says so, and does not pass', async () => {
    const cause = new Error('signed out')
    const { transport, sent } = scripted(200, { headers: () => Promise.reject(cause) })
    await expect(transport.request(GET)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: false, cause })
    expect(sent).toEqual([])
    const own = new MpcError('AUTH_FAILED', 'signed out')
    await expect(scripted(200, { headers: () => Promise.reject(own) }).transport.request(GET)).rejects.toBe(own)
  })

  const answer = (headers: HeadersInit) => new Response(null, { status: 503, headers })
  const HOUR_AHEAD = Date.UTC(2030, 0, 1, 1)

  test.each<[string, number | undefined, Record<string, string>]>([
    ['seconds', 3000, { 'retry-after': '3' }],
    ['seconds with blanks around them', 3000, { 'retry-after': ' 3 ' }],
    ['nothing', 0, { 'retry-after': '0' }],
    [
      "a date, by the answer's clock",
      5000,
      { 'retry-after': 'Tue, 01 Jan 2030 00:00:05 GMT', date: 'Tue, 01 Jan 2030 00:00:00 GMT' },
    ],
    [
      'a date that is past',
      0,
      { 'retry-after': 'Tue, 01 Jan 2030 00:00:00 GMT', date: 'Tue, 01 Jan 2030 00:00:09 GMT' },
    ],
    [
      "a date, by the device's clock where the answer has none",
      7000,
      { 'retry-after': 'Tue, 01 Jan 2030 01:00:07 GMT' },
    ],
    [
      'a date, where the date of the answer is none',
      7000,
      { 'retry-after': 'Tue, 01 Jan 2030 01:00:07 GMT', date: 'today' },
    ],
    ['more seconds than there are', Number.MAX_SAFE_INTEGER, { 'retry-after': '9'.repeat(40) }],
    ['a number that is none', undefined, { 'retry-after': '1e99' }],
    ['text', undefined, { 'retry-after': 'soon' }],
    ['an empty value', undefined, { 'retry-after': '' }],
    ['no header', undefined, {}],
  ])('reads Retry-After: %s', async (_, expected, headers) => {
    vi.useFakeTimers({ now: HOUR_AHEAD, toFake: ['Date'] })
    expect((await scripted(answer(headers)).transport.request(GET)).retryAfterMs).toBe(expected)
  })

  test.each(['-1', '-1e9', '5.5', '2147483648', '1 2', 'Infinity', '0x10', 'Thu, 01 Jan 99999 00:00:00 GMT'])(
    'whatever Retry-After says (%s), a wait is one that a number can be',
    async (value) => {
      const { retryAfterMs = 0 } = await scripted(answer({ 'retry-after': value })).transport.request(GET)
      expect(retryAfterMs).toBeGreaterThanOrEqual(0)
      expect(Number.isSafeInteger(retryAfterMs)).toBe(true)
    },
  )

  test.each<[string, Response]>([
    ['a redirect', new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } })],
    ['a permanent redirect', new Response(null, { status: 308, headers: { location: '/login' } })],
    ['one that was followed', Object.defineProperty(new Response('in'), 'redirected', { value: true })],
    ['an opaque one, as browsers give', Response.error()],
  ])('refuses %s', async (_, response) => {
    const { transport } = scripted(response)
    await expect(transport.request(GET)).rejects.toMatchObject({
      code: 'MALFORMED_RESPONSE',
      retryable: false,
      message: expect.stringContaining('redirect'),
    })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'ok'],
    ['an object', {}],
    ['a status as text', { status: '200', headers: new Headers(), arrayBuffer: async () => new ArrayBuffer(0) }],
    ['no headers', { status: 200, arrayBuffer: async () => new ArrayBuffer(0) }],
    ['a stream of text', new Response(new ReadableStream({ start: (stream) => stream.enqueue('text') }))],
    ['a stream of numbers', new Response(new ReadableStream({ start: (stream) => stream.enqueue(7) }))],
  ])('a fetch that gives %s is an error that does not pass', async (_, nonsense) => {
    const transport = httpTransport(BASE, { fetch: async () => nonsense as Response })
    await expect(transport.request(GET)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', retryable: false })
  })

  test('an engine without fetch is said at the first request', async () => {
    vi.stubGlobal('fetch', undefined)
    await expect(httpTransport(BASE).request(GET)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: false })
    expect(() => httpTransport(BASE, { fetch: 'fetch' as never })).toThrow(TypeError)
  })

  test('does without URL.canParse', () => {
    vi.stubGlobal(
      'URL',
      class extends URL {
        static override canParse = undefined as never
      },
    )
    expect(() => httpTransport(BASE)).not.toThrow()
    expect(() => httpTransport('nowhere')).toThrow(TypeError)
  })

  test('an attempt that takes too long is TIMEOUT, also where fetch does not watch its signal', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const signals: AbortSignal[] = []
    const fetch: Fetch = (_url, { signal }) => {
      signals.push(signal as AbortSignal)
      return new Promise(() => {})
    }
    const transport = httpTransport(BASE, { fetch, timeoutMs: 5000 })
    // Not the number of all timers: what earlier tests have left may start one.
    const started = vi.spyOn(globalThis, 'setTimeout')
    const cleared = vi.spyOn(globalThis, 'clearTimeout')
    const result = expect(transport.request(GET)).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
    await vi.advanceTimersByTimeAsync(4999)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    await vi.advanceTimersByTimeAsync(1)
    await result
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    const own = started.mock.results.filter((_, i) => started.mock.calls[i]![1] === 5000).map(({ value }) => value)
    expect(own).toHaveLength(1)
    expect(cleared.mock.calls.flat()).toContain(own[0])
  })

  test('the time runs until the last byte', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const stalled = new ReadableStream<Uint8Array>({ start: (stream) => stream.enqueue(new Uint8Array(1)) })
    const transport = httpTransport(BASE, { fetch: async () => new Response(stalled), timeoutMs: 10 })
    const result = expect(transport.request(GET)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await vi.advanceTimersByTimeAsync(10)
    await result
  })

  test('is aborted while it waits for the headers or for the answer', async () => {
    for (const where of ['headers', 'fetch'] as const) {
      const controller = new AbortController()
      const never = () => {
        controller.abort()
        return new Promise<never>(() => {})
      }
      const { transport, sent } = scripted(200, { [where]: never })
      const request = transport.request({ ...GET, signal: controller.signal })
      await expect(request).rejects.toMatchObject({ code: 'ABORTED', retryable: false })
      expect(sent).toHaveLength(0)
    }
  })

  test('reads no answer that is longer than the limit', async () => {
    let cancelled = 0
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (stream) => stream.enqueue(new Uint8Array(400)),
        cancel: () => void cancelled++,
      })
    for (const response of [
      new Response(endless()),
      new Response(endless(), { headers: { 'content-length': '1001' } }),
    ]) {
      const { transport, sent } = scripted(response, { maxResponseBytes: 1000 })
      await expect(transport.request(GET)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', retryable: false })
      expect(sent).toHaveLength(1)
    }
    expect(cancelled).toBe(2)
    const fits = scripted(new Response(new Uint8Array(1000)), { maxResponseBytes: 1000 })
    expect((await fits.transport.request(GET)).body).toHaveLength(1000)
  })

  test('reads answers without a stream, with the same limit', async () => {
    const withoutStream = (length: number) =>
      Object.defineProperty(new Response(new Uint8Array(length)), 'body', { value: undefined })
    const short = scripted(withoutStream(1000), { maxResponseBytes: 1000 })
    expect((await short.transport.request(GET)).body).toHaveLength(1000)
    const long = scripted(withoutStream(1001), { maxResponseBytes: 1000 })
    await expect(long.transport.request(GET)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', retryable: false })
  })

  test.each([
    'https://a.example',
    'https://a.example/base',
    'http://localhost:3000',
    'http://app.localhost',
    'http://127.0.0.1:1',
    'http://[::1]:80/',
  ])('accepts %s', (url) => {
    expect(() => httpTransport(url)).not.toThrow()
  })

  test.each([
    '',
    '/api',
    'ftp://a.example',
    'http://a.example',
    'http://localhost.example',
    'http://127.evil.example',
    'https://user:secret@a.example',
    'https://a.example/?q',
    'https://a.example/#f',
  ])('refuses "%s"', (url) => {
    expect(() => httpTransport(url)).toThrow(TypeError)
    expect(() => httpTransport(url)).not.toThrow(/secret/)
  })

  test('refuses numbers out of range', () => {
    for (const wrong of [{ timeoutMs: 0 }, { timeoutMs: Number.NaN }, { maxResponseBytes: 0 }]) {
      expect(() => httpTransport(BASE, wrong)).toThrow(RangeError)
    }
  })
})
