import { afterEach, describe, expect, test, vi } from 'vitest'
import { transportConformance } from '../../src/transport/conformance.ts'
import { httpTransport, type HttpTransportOptions } from '../../src/transport/index.ts'

type Fetch = NonNullable<HttpTransportOptions['fetch']>

const BASE = 'https://mpc.example/api/'
const GET = { method: 'GET', path: '/v1/sets' } as const
const immediately = async () => {}

/** A transport over scripted attempts: a status, an error or an answer each. Records the waits in between. */
function scripted(script: readonly (number | Error | Response)[], options: HttpTransportOptions = {}) {
  const waits: number[] = []
  const sent: Request[] = []
  const fetch: Fetch = async (url, init) => {
    const step = script[sent.length]
    sent.push(new Request(url, init))
    if (step instanceof Error) throw step
    if (step instanceof Response) return step
    return new Response(null, { status: step ?? 599 })
  }
  const wait = async (delayMs: number) => void waits.push(delayMs)
  return { transport: httpTransport(BASE, { fetch, wait, ...options }), waits, sent }
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('http transport', () => {
  const connect = (handler: (request: Request) => Response | Promise<Response>) =>
    httpTransport(BASE, { fetch: async (url, init) => handler(new Request(url, init)), wait: immediately })
  for (const { name, run } of transportConformance(connect)) test(name, run)

  test('appends the path to the base URL, and leaves no timer', async () => {
    const { transport, sent } = scripted([200])
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await transport.request(GET)
    expect(vi.getTimerCount()).toBe(0)
    expect(sent[0]?.url).toBe('https://mpc.example/api/v1/sets')
    expect(sent[0]?.redirect).toBe('error')
  })

  test.each([429, 502, 503, 504, new TypeError('connection reset')])('tries again after %s', async (passing) => {
    const { transport, sent } = scripted([passing, passing, 200])
    expect((await transport.request(GET)).status).toBe(200)
    expect(sent).toHaveLength(3)
  })

  test.each([200, 400, 401, 404, 409, 500, 501])('does not try again after %s', async (status) => {
    const { transport, sent } = scripted([status, 200])
    expect((await transport.request(GET)).status).toBe(status)
    expect(sent).toHaveLength(1)
  })

  test('sends the same bytes each time, with headers asked for anew', async () => {
    let token = 0
    const { transport, sent } = scripted([503, new TypeError('reset'), 200], {
      headers: async () => ({ authorization: `Bearer ${++token}`, 'content-type': 'text/plain' }),
    })
    const body = new Uint8Array([1, 2, 3])
    await transport.request({ method: 'POST', path: '/v1/x', contentType: 'application/x-reshare', body })
    expect(await Promise.all(sent.map(async (request) => [...new Uint8Array(await request.arrayBuffer())]))).toEqual(
      Array(3).fill([1, 2, 3]),
    )
    expect(sent.map((request) => request.headers.get('authorization'))).toEqual(['Bearer 1', 'Bearer 2', 'Bearer 3'])
    expect(sent.map((request) => request.headers.get('content-type'))).toEqual(Array(3).fill('application/x-reshare'))
  })

  test('gives the last answer, or the last error, when the retries are used up', async () => {
    const answered = scripted([503, 502, 504], { retries: 2 })
    expect((await answered.transport.request(GET)).status).toBe(504)
    const failed = scripted([503, 502, new TypeError('reset')], { retries: 2 })
    await expect(failed.transport.request(GET)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    const once = scripted([503, 200], { retries: 0 })
    expect((await once.transport.request(GET)).status).toBe(503)
    expect(once.waits).toEqual([])
  })

  test('waits longer each time, at random, up to a bound', async () => {
    const random = vi.spyOn(Math, 'random')
    const script = Array(6).fill(503) as number[]
    const options = { retries: 5, retryDelayMs: 100, maxRetryDelayMs: 1000 }
    random.mockReturnValue(0)
    const least = scripted(script, options)
    await least.transport.request(GET)
    expect(least.waits).toEqual([50, 100, 200, 400, 800])
    random.mockReturnValue(1)
    const most = scripted(script, options)
    await most.transport.request(GET)
    expect(most.waits).toEqual([100, 200, 400, 800, 1000])
  })

  test('waits as long as Retry-After says', async () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1), toFake: ['Date'] })
    const after = (value: string) => new Response(null, { status: 429, headers: { 'retry-after': value } })
    const { transport, waits } = scripted(
      [after('3'), after('Tue, 01 Jan 2030 00:00:05 GMT'), after('7'), after('soon'), 200],
      { retryDelayMs: 0, maxRetryDelayMs: 7000 },
    )
    await transport.request(GET)
    expect(waits).toEqual([3000, 5000, 7000, 0])
  })

  test('does not wait where Retry-After asks for more than the bound', async () => {
    const tooMany = new Response(null, { status: 429, headers: { 'retry-after': '8' } })
    const { transport, waits } = scripted([tooMany, 200], { maxRetryDelayMs: 7000 })
    expect((await transport.request(GET)).status).toBe(429)
    expect(waits).toEqual([])
  })

  test('an attempt that takes too long is TIMEOUT, also where fetch does not watch its signal', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const signals: AbortSignal[] = []
    const fetch: Fetch = (_url, { signal }) => {
      signals.push(signal as AbortSignal)
      return new Promise(() => {})
    }
    const transport = httpTransport(BASE, { fetch, wait: immediately, retries: 1, timeoutMs: 5000 })
    const result = expect(transport.request(GET)).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
    await vi.advanceTimersByTimeAsync(4999)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    await vi.advanceTimersByTimeAsync(1)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    await vi.advanceTimersByTimeAsync(5000)
    await result
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('the time runs until the last byte', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const stalled = new ReadableStream<Uint8Array>({ start: (stream) => stream.enqueue(new Uint8Array(1)) })
    const transport = httpTransport(BASE, { fetch: async () => new Response(stalled), retries: 0, timeoutMs: 10 })
    const result = expect(transport.request(GET)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await vi.advanceTimersByTimeAsync(10)
    await result
  })

  test('is aborted while it waits for the next attempt or for the headers', async () => {
    for (const where of ['wait', 'headers'] as const) {
      const controller = new AbortController()
      const never = () => {
        controller.abort()
        return new Promise<never>(() => {})
      }
      const { transport, sent } = scripted([503, 200], { [where]: never })
      const request = transport.request({ ...GET, signal: controller.signal })
      await expect(request).rejects.toMatchObject({ code: 'ABORTED', retryable: false })
      expect(sent).toHaveLength(where === 'wait' ? 1 : 0)
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
      const { transport, sent } = scripted([response], { maxResponseBytes: 1000 })
      await expect(transport.request(GET)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: false })
      expect(sent).toHaveLength(1)
    }
    expect(cancelled).toBe(2)
    const fits = scripted([new Response(new Uint8Array(1000))], { maxResponseBytes: 1000 })
    expect((await fits.transport.request(GET)).body).toHaveLength(1000)
  })

  test('reads answers without a stream, with the same limit', async () => {
    const withoutStream = (length: number) =>
      Object.defineProperty(new Response(new Uint8Array(length)), 'body', { value: undefined })
    const short = scripted([withoutStream(1000)], { maxResponseBytes: 1000 })
    expect((await short.transport.request(GET)).body).toHaveLength(1000)
    const long = scripted([withoutStream(1001)], { maxResponseBytes: 1000 })
    await expect(long.transport.request(GET)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: false })
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
    for (const wrong of [{ retries: -1 }, { timeoutMs: 0 }, { retryDelayMs: Number.NaN }, { maxResponseBytes: 0 }]) {
      expect(() => httpTransport(BASE, wrong)).toThrow(RangeError)
    }
  })
})
