import { describe, expect, test } from 'vitest'
import { atRequest, emulateService, stoppedClock, type Fault } from '../../src/emulators/index.ts'

const URL_HERE = 'https://service.example/count?by=1'

/** Counts what it carries out, and says the count. */
function counter() {
  const carriedOut: string[] = []
  const service = emulateService({
    clock: stoppedClock(1_000),
    maxCalls: 3,
    handle({ method, url, headers, body }) {
      carriedOut.push(`${method} ${url.pathname}${url.search} ${headers.get('x-name')} ${body.join()}`)
      return Response.json({ count: carriedOut.length })
    },
  })
  return { ...service, carriedOut }
}

/** The count of the response, or what fetching or reading threw. */
async function outcome(service: ReturnType<typeof counter>, init?: RequestInit): Promise<unknown> {
  try {
    const response = await service.fetch(URL_HERE, init)
    return await response.text()
  } catch (error) {
    return error
  }
}

describe('an emulated service', () => {
  test('carries requests out and remembers them', async () => {
    const service = counter()
    const init = { method: 'POST', headers: { 'x-name': 'a' }, body: new Uint8Array([1, 2]) }
    expect(await outcome(service, init)).toBe('{"count":1}')
    service.clock.advance(5)
    expect(await outcome(service)).toBe('{"count":2}')
    expect(service.carriedOut).toEqual(['POST /count?by=1 a 1,2', 'GET /count?by=1 null '])
    expect(service.calls.map(({ index, receivedAt, status }) => [index, receivedAt, status])).toEqual([
      [1, 1_000, 200],
      [2, 1_005, 200],
    ])
    await outcome(service)
    await outcome(service)
    expect(service.calls.map(({ index }) => index)).toEqual([2, 3, 4])
  })

  test.each<[string, Fault, unknown, number]>([
    ['a response in its place', { type: 'respond', status: 503, body: 'no' }, 'no', 0],
    ['a response after it', { type: 'respond', status: 200, body: '<', carriedOut: true }, '<', 1],
    ['a lost request', { type: 'disconnect' }, expect.any(TypeError), 0],
    ['a lost response', { type: 'disconnect', carriedOut: true }, expect.any(TypeError), 1],
    // A DOMException in Firefox.
    ['a broken body', { type: 'truncate' }, expect.objectContaining({ name: expect.stringMatching(/Error$/) }), 1],
    ['a short body', { type: 'truncate', clean: true }, '{"cou', 1],
    ['a late request', { type: 'delay', ms: 5 }, '{"count":1}', 1],
    ['a late response', { type: 'delay', ms: 5, carriedOut: true }, '{"count":1}', 1],
  ])('fails once by %s', async (_, fault, expected, carriedOut) => {
    const service = counter()
    await outcome(service)
    service.carriedOut.length = 0
    service.setFaults(atRequest(2, fault))
    expect(await outcome(service)).toBe('{"count":1}')
    service.carriedOut.length = 0
    expect(await outcome(service)).toEqual(expected)
    expect(service.carriedOut).toHaveLength(carriedOut)
    expect(service.calls.at(-1)?.fault).toEqual(fault)
    expect(await outcome(service)).toBe(`{"count":${carriedOut + 1}}`)
  })

  test('stops when the caller does, before and after a request has its effect', async () => {
    for (const carriedOut of [false, true]) {
      const service = counter()
      service.setFaults(() => ({ type: 'delay', ms: Infinity, carriedOut }))
      const controller = new AbortController()
      const reason = new Error('enough')
      const waiting = outcome(service, { signal: controller.signal })
      setTimeout(() => controller.abort(reason), 5)
      expect(await waiting).toBe(reason)
      expect(service.carriedOut).toHaveLength(carriedOut ? 1 : 0)
      expect(service.calls.at(-1)?.status).toBeUndefined()
      expect(await outcome(service, { signal: controller.signal })).toBe(reason)
      expect(service.calls).toHaveLength(1)
    }
  })

  test('is held up by a plan that waits', async () => {
    const service = counter()
    let release = () => {}
    const held = new Promise<undefined>((resolve) => (release = () => resolve(undefined)))
    service.setFaults((_, n) => (n === 1 ? held : undefined))
    const first = outcome(service)
    expect(await outcome(service)).toBe('{"count":1}')
    release()
    expect(await first).toBe('{"count":2}')
  })
})
