import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { iCloud, type ICloudOptions } from '../../../src/backup/icloud/index.ts'
import { atRequest } from '../../../src/emulators/index.ts'
import { codeOf } from '../fixtures.ts'
import { API_TOKEN, CONTAINER, emulated, ID, KEY, tokenStore, withoutWaiting } from './fixtures.ts'

const OTHER_ID = 'f'.repeat(32)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A page with an empty localStorage. */
function emptyPage(): Map<string, string> {
  const items = new Map<string, string>()
  if (typeof document === 'undefined') vi.stubGlobal('document', {})
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  })
  return items
}

let pages = 0

/** The users of one page, each with an Apple Account of the same name. */
function pageOf(service: ReturnType<typeof emulated>) {
  const page = ++pages
  return (name: string, change: Partial<ICloudOptions> = {}) => {
    const auth = service.auth(name)
    return iCloud({
      container: CONTAINER,
      environment: 'development',
      apiToken: API_TOKEN,
      user: `${name}-${page}`,
      fetch: service.fetch,
      auth,
      ...change,
    })
  }
}

describe('the users of an app in one browser', () => {
  test('each have a web token of their own', async () => {
    const items = emptyPage()
    const service = emulated()
    const user = pageOf(service)
    await user('ada').write(ID, KEY)
    await user('bob').write(OTHER_ID, KEY)
    expect([...service.records('ada').keys()]).toEqual([ID])
    expect([...service.records('bob').keys()]).toEqual([OTHER_ID])
    expect(await user('bob').read(ID)).toBeUndefined()
    expect(await user('ada').read(ID)).toEqual(KEY)
    const prefix = `reshare/icloud/${CONTAINER}/development`
    expect([...items.keys()].toSorted()).toEqual([`${prefix}/ada-${pages}`, `${prefix}/bob-${pages}`])
  })

  test('take turns with themselves alone', async () => {
    emptyPage()
    const service = emulated()
    const user = pageOf(service)
    const waiting = user('ada', { auth: { signIn: () => new Promise(() => {}) } }).read(ID)
    await vi.advanceTimersByTimeAsync(0)
    expect(await user('bob').read(ID)).toBeUndefined()
    expect(await codeOf(withoutWaiting(waiting))).toBe('STORAGE_UNAVAILABLE')
  })

  test('must be named where localStorage keeps the token, and only there', () => {
    const open = (change: Partial<ICloudOptions>) => pageOf(emulated())('ada', change)
    emptyPage()
    expect(() => open({ user: undefined })).toThrow(/user must be/)
    for (const user of ['', 'a b', 'é', 'x'.repeat(129), 7 as never]) {
      expect(() => open({ user })).toThrow(/user must be/)
      expect(() => open({ user, tokens: tokenStore() })).toThrow(/user must be/)
    }
    expect(() => open({ user: undefined, tokens: tokenStore() })).not.toThrow()
    vi.stubGlobal('localStorage', undefined)
    expect(() => open({ user: undefined })).not.toThrow()
  })
})

describe('signing out of iCloud', () => {
  test('forgets the web token in every handle of the user, and no key', async () => {
    const items = emptyPage()
    const service = emulated()
    const user = pageOf(service)
    const storage = user('ada')
    await storage.write(ID, KEY)
    expect(items.size).toBe(1)
    await user('ada').signOut()
    expect(items.size).toBe(0)
    await expect(user('ada', { auth: undefined as never }).read(ID)).rejects.toThrow('the user must sign in')
    expect(await storage.read(ID)).toEqual(KEY)
  })

  test('waits for calls that have begun, whose next token is forgotten too', async () => {
    const service = emulated()
    const tokens = tokenStore()
    const storage = service.device('ada', { tokens })
    await storage.read(ID)
    service.setFaults(() => ({ type: 'delay', ms: 20 }))
    const writing = storage.write(ID, KEY)
    const out = storage.signOut()
    await withoutWaiting(Promise.all([writing, out]))
    expect(tokens.token).toBeUndefined()
    expect(await codeOf(storage.signOut({ signal: AbortSignal.abort() }))).toBe('ABORTED')
  })

  test('fails if the token cannot be deleted', async () => {
    const tokens = { load: () => undefined, save: () => Promise.reject(new Error('secret')) }
    expect(await codeOf(emulated().device('ada', { tokens }).signOut())).toBe('STORAGE_UNAVAILABLE')
  })
})

describe('web tokens that others save meanwhile', () => {
  /** Two devices that share what is stored, but take no turns. */
  async function withoutTurns(signsIn: boolean) {
    vi.stubGlobal('navigator', {})
    const service = emulated()
    const shared = tokenStore()
    await service.device('ada', { tokens: shared }).read(ID)
    const change = signsIn ? {} : { auth: undefined as never }
    const device = () => service.device('ada', { tokens: { load: shared.load, save: shared.save }, ...change })
    // Both have loaded the same token; the second request finds it used.
    service.setFaults((_, n) => (n === 2 ? { type: 'delay', ms: 50 } : undefined))
    const read = await withoutWaiting(Promise.all([device().read(ID), device().read(ID)]))
    return { service, shared, read }
  }

  test.each([true, false])('are used in place of one that is refused, and kept (auth: %s)', async (signsIn) => {
    const { service, shared, read } = await withoutTurns(signsIn)
    expect(read).toEqual([undefined, undefined])
    expect(service.signIns).toBe(1)
    expect(shared.token).toBeDefined()
    expect(shared.saved).not.toContain(undefined)
  })

  test('are tried six times at most', async () => {
    const service = emulated()
    let loaded = 0
    const storage = service.device('ada', { tokens: { load: () => `bm8${++loaded}`, save() {} } })
    expect(await codeOf(storage.read(ID))).toBe('STORAGE_UNAVAILABLE')
    expect(service.calls).toHaveLength(6)
    expect(service.signIns).toBe(0)
  })
})

test('a call asks the user to sign in once, however often its responses are lost', async () => {
  const service = emulated()
  service.setFaults((_, n) => (n % 2 === 0 ? { type: 'disconnect', carriedOut: true } : undefined))
  const storage = service.device('ada')
  await expect(withoutWaiting(storage.read(ID))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
  expect(service.signIns).toBe(1)
  service.setFaults(atRequest(2, { type: 'disconnect' }))
  expect(await withoutWaiting(storage.read(ID))).toBeUndefined()
  expect(service.signIns).toBe(2)
})
