import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ICloudAuth, WebTokenStore } from '../../../src/backup/icloud/index.ts'
import { MpcError } from '../../../src/errors.ts'
import { atRequest } from '../../../src/emulators/index.ts'
import { codeOf } from '../fixtures.ts'
import { emulated, ID, KEY, tokenStore, withoutWaiting } from './fixtures.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

type Emulated = ReturnType<typeof emulated>

/** The web token of each request, as it was sent. */
function sentTokens(service: Emulated): (string | undefined)[] {
  return service.calls.map(({ url }) => /ckWebAuthToken=([^&]*)/.exec(url.search)?.[1])
}

function expectEachTokenOnce(service: Emulated): void {
  const sent = sentTokens(service).filter((token) => token !== undefined)
  expect(new Set(sent).size).toBe(sent.length)
  // One that was used up is refused: then the user would be asked again.
  expect(service.signIns).toBe(1)
}

describe('web tokens of iCloud', () => {
  test('are used once, percent-encoded, and saved for the next request', async () => {
    const service = emulated()
    const tokens = tokenStore()
    const storage = service.device('ada', { tokens })
    await storage.write(ID, KEY)
    await storage.read(ID)
    expectEachTokenOnce(service)
    expect(sentTokens(service)[0]).toBeUndefined()
    expect(sentTokens(service)[1]).toMatch(/%2B%2F%3D%3D$/)
    // The token of the sign-in, and that of each response.
    expect(tokens.saved).toHaveLength(3)
    expect(tokens.token).toBe(tokens.saved.at(-1))
  })

  test('serve a device that comes back, until they expire', async () => {
    const service = emulated()
    const tokens = tokenStore()
    await service.device('ada', { tokens }).write(ID, KEY)
    service.clock.advance(29 * 60_000)
    expect(await service.device('ada', { tokens }).read(ID)).toEqual(KEY)
    expect(service.signIns).toBe(1)
    service.clock.advance(31 * 60_000)
    expect(await service.device('ada', { tokens }).read(ID)).toEqual(KEY)
    expect(service.signIns).toBe(2)
  })

  test('serve many calls at once, of two tabs with one store, each token once', async () => {
    const service = emulated()
    const tokens = tokenStore()
    // Each request takes a while, so that they would overlap.
    service.setFaults(() => ({ type: 'delay', ms: 20 }))
    const tabs = [service.device('ada', { tokens }), service.device('ada', { tokens })] as const
    const ids = Array.from({ length: 6 }, (_, i) => `${i}`.repeat(32))
    const writing = Promise.all(ids.map((id, i) => tabs[i % 2 === 0 ? 0 : 1].write(id, KEY)))
    await withoutWaiting(writing)
    const reading = Promise.all(ids.map((id, i) => tabs[i % 2 === 0 ? 1 : 0].read(id)))
    expect(await withoutWaiting(reading)).toEqual(ids.map(() => KEY))
    expectEachTokenOnce(service)
  })

  test('are of one device each, where each has a store of its own', async () => {
    const service = emulated()
    const devices = [service.device('ada'), service.device('ada')]
    await Promise.all(devices.map((device, i) => device.write(`${i}`.repeat(32), KEY)))
    expect(await Promise.all(devices.map((device, i) => device.read(`${1 - i}`.repeat(32))))).toEqual([KEY, KEY])
    expect(service.signIns).toBe(2)
    expect(new Set(sentTokens(service).filter(Boolean)).size).toBe(4)
  })

  test('are lost with a response, and then the user signs in again', async () => {
    const service = emulated()
    const storage = service.device()
    await storage.read(ID)
    service.setFaults(atRequest(1, { type: 'disconnect', carriedOut: true }))
    await withoutWaiting(storage.write(ID, KEY))
    expect(service.signIns).toBe(2)
    expect(await storage.read(ID)).toEqual(KEY)
    // A request that did not arrive has not used its token.
    service.setFaults(atRequest(1, { type: 'disconnect' }))
    expect(await withoutWaiting(storage.read(ID))).toEqual(KEY)
    expect(service.signIns).toBe(2)
  })

  test('are kept when the response breaks off after its headers', async () => {
    const service = emulated()
    const storage = service.device()
    service.setFaults(atRequest(2, { type: 'truncate' }))
    await withoutWaiting(storage.write(ID, KEY))
    expect(service.signIns).toBe(1)
  })

  test('are forgotten when iCloud refuses them', async () => {
    const service = emulated()
    const tokens = tokenStore('c3BlbnQ=')
    const storage = service.device('ada', { tokens })
    expect(await storage.read(ID)).toBeUndefined()
    expect(tokens.saved[0]).toBeUndefined()
    expect(service.signIns).toBe(1)
    service.signOut('ada')
    expect(await storage.read(ID)).toBeUndefined()
    expect(service.signIns).toBe(2)
  })

  test.each([['two words'], ['line\nbreak'], ['x'.repeat(4097)], [''], [7], [null], ['é']])(
    'are none of %j, which a store may hold',
    async (token) => {
      const service = emulated()
      const tokens = { load: () => token as string, save() {} }
      const next = service.auth('ada')
      await codeOf(withoutWaiting(service.device('ada', { tokens, auth: next }).read(ID)))
      expect(sentTokens(service)[0]).toBeUndefined()
    },
  )

  test('stay as they are where the response brings none that can be one', async () => {
    for (const header of [undefined, 'two words', 'x'.repeat(5000)]) {
      const service = emulated()
      const tokens = tokenStore('kept')
      const headers: Record<string, string> = header === undefined ? {} : { 'x-apple-cloudkit-web-auth-token': header }
      const body = JSON.stringify({ records: [{ recordName: ID, deleted: true }] })
      service.setFaults(() => ({ type: 'respond', status: 200, body, headers }))
      await service.device('ada', { tokens }).delete(ID)
      expect(tokens.token).toBe('kept')
    }
  })

  test('are saved before the response is given, and a store that fails says so', async () => {
    for (const broken of [
      { load: () => Promise.reject(new Error('secret')) },
      {
        save() {
          throw new Error('secret')
        },
      },
    ] as Partial<WebTokenStore>[]) {
      const service = emulated()
      const storage = service.device('ada', { tokens: { ...tokenStore(), ...broken } })
      await expect(storage.write(ID, KEY)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    }
  })
})

describe('a sign-in to iCloud', () => {
  const device = (service: Emulated, auth: ICloudAuth) => service.device('ada', { auth })

  test('is asked for once by all that wait for it', async () => {
    const service = emulated()
    const tokens = tokenStore()
    const [one, two] = [service.device('ada', { tokens }), service.device('ada', { tokens })]
    await Promise.all([one.write(ID, KEY), two.read('0'.repeat(32)), one.read('1'.repeat(32))])
    expect(service.signIns).toBe(1)
  })

  test('is told the page of Apple, the API token and a signal', async () => {
    const service = emulated()
    const signIn = vi.fn<ICloudAuth['signIn']>((request) => service.auth('ada').signIn(request))
    await device(service, { signIn }).read(ID)
    expect(signIn).toHaveBeenCalledOnce()
    const [request] = signIn.mock.calls[0] ?? []
    expect(request?.redirectUrl).toMatch(/^https:\/\/idmsa\.apple\.com\//)
    expect(request?.apiToken).toBe('api+token/1=')
    expect(request?.signal.aborted).toBe(false)
  })

  test('is a clear error where there is none', async () => {
    const service = emulated()
    const storage = service.device('ada', { auth: undefined as never })
    await expect(storage.read(ID)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    await expect(storage.read(ID)).rejects.toThrow('the user must sign in')
    expect(service.calls).toHaveLength(2)
  })

  test('leads to an error of one code, whatever it throws', async () => {
    const service = emulated()
    const failing = device(service, { signIn: () => Promise.reject(new Error('token abc')) })
    const error: unknown = await failing.read(ID).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    expect((error as Error).cause).toBeUndefined()
    const coded = device(service, { signIn: () => Promise.reject(new MpcError('POLICY_DENIED', 'no')) })
    expect(await codeOf(coded.read(ID))).toBe('POLICY_DENIED')
  })

  test.each([[undefined], [''], ['two words'], [7], [{}]])('that gives %j has given no token', async (token) => {
    const service = emulated()
    const storage = device(service, { signIn: async () => token as string })
    await expect(storage.read(ID)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    expect(service.calls).toHaveLength(1)
  })

  test('is not repeated if iCloud refuses its token', async () => {
    const service = emulated()
    const signIn = vi.fn(async () => 'bm9uZQ==')
    expect(await codeOf(device(service, { signIn }).read(ID))).toBe('STORAGE_UNAVAILABLE')
    expect(signIn).toHaveBeenCalledOnce()
  })

  test('ends after five minutes, and when the caller aborts', async () => {
    const service = emulated()
    const signals: AbortSignal[] = []
    const controller = new AbortController()
    const signIn = ({ signal }: { signal: AbortSignal }) => {
      signals.push(signal)
      if (signals.length === 2) setTimeout(() => controller.abort(), 1_000)
      return new Promise<string>(() => {})
    }
    const start = Date.now()
    expect(await codeOf(withoutWaiting(device(service, { signIn }).read(ID)))).toBe('STORAGE_UNAVAILABLE')
    expect(Date.now() - start).toBeGreaterThanOrEqual(300_000)
    const storage = device(service, { signIn })
    const reading = storage.read(ID, { signal: controller.signal })
    expect(await codeOf(withoutWaiting(reading))).toBe('ABORTED')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    // Whoever waited gets its turn.
    const other = service.device('ada')
    expect(await other.read(ID)).toBeUndefined()
  })
})

test('calls take turns where the page may not use its Web Locks', async () => {
  const request = vi.fn(() => Promise.reject(new DOMException('not for this origin', 'SecurityError')))
  // Of a page, not replaced as a whole: not every browser lets it be.
  if (globalThis.navigator?.locks === undefined) vi.stubGlobal('navigator', { locks: { request } })
  else vi.spyOn(navigator.locks, 'request').mockImplementation(request)
  const service = emulated()
  const storage = service.device()
  await Promise.all([storage.write(ID, KEY), storage.read('0'.repeat(32))])
  expect(request).toHaveBeenCalledTimes(2)
  expectEachTokenOnce(service)
})

describe('aborting', () => {
  test('ends a call in each of its phases, and the next one works', async () => {
    const service = emulated()
    const tokens = tokenStore()
    const storage = service.device('ada', { tokens })
    const aborted = AbortSignal.abort()
    for (const call of ['read', 'write', 'delete'] as const) {
      const args = call === 'write' ? [ID, KEY] : [ID]
      const run = storage[call] as (...args: unknown[]) => Promise<unknown>
      expect(await codeOf(run(...args, { signal: aborted }))).toBe('ABORTED')
    }
    expect(await codeOf(storage.probe({ signal: aborted }))).toBe('ABORTED')
    expect(service.calls).toHaveLength(0)

    // While its request is on the way, while it waits to repeat one, and while it waits for its turn.
    service.setFaults(() => ({ type: 'delay', ms: Infinity }))
    const controller = new AbortController()
    const first = codeOf(storage.read(ID, { signal: controller.signal }))
    const waiting = codeOf(service.device('ada', { tokens }).read(ID, { signal: controller.signal }))
    await vi.advanceTimersByTimeAsync(100)
    controller.abort()
    expect(await Promise.all([first, waiting])).toEqual(['ABORTED', 'ABORTED'])
    service.setFaults(() => ({ type: 'disconnect' }))
    const again = new AbortController()
    const repeating = codeOf(storage.read(ID, { signal: again.signal }))
    await vi.advanceTimersByTimeAsync(100)
    again.abort()
    expect(await repeating).toBe('ABORTED')
    service.setFaults()
    expect(await storage.read(ID)).toBeUndefined()
  })

  test('a turn that never comes is an error', async () => {
    const service = emulated()
    const tokens = tokenStore()
    service.setFaults(() => ({ type: 'delay', ms: Infinity }))
    const controller = new AbortController()
    const first = service.device('ada', { tokens, timeoutMs: 1e9 }).read(ID, { signal: controller.signal })
    const waiting = service.device('ada', { tokens }).read(ID)
    const start = Date.now()
    expect(await codeOf(withoutWaiting(waiting))).toBe('STORAGE_UNAVAILABLE')
    expect(Date.now() - start).toBeGreaterThanOrEqual(360_000)
    controller.abort()
    expect(await codeOf(first)).toBe('ABORTED')
  })
})

test('no error says a token', async () => {
  const service = emulated()
  const tokens = tokenStore('c2VjcmV0+/==')
  const storage = service.device('ada', {
    tokens,
    fetch: (url) => Promise.reject(new TypeError(`could not fetch ${url}`)),
  })
  const error = await withoutWaiting(storage.read(ID)).catch((error: unknown) => error as MpcError)
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  for (let shown: unknown = error; shown instanceof Error; shown = shown.cause) {
    expect(`${shown.message} ${shown.stack}`).not.toMatch(/c2VjcmV0|api/)
  }
})
