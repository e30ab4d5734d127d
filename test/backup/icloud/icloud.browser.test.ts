import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { appleSignIn, iCloud, type WebTokenStore } from '../../../src/backup/icloud/index.ts'
import { API_TOKEN, CONTAINER, emulated, ID, KEY } from './fixtures.ts'

const NAME = `reshare/icloud/${CONTAINER}/development/user-1`

type Emulated = ReturnType<typeof emulated>

/** As a page of another tab would have it: only the container and what the browser shares are the same. */
function tab(service: Emulated, tokens?: WebTokenStore) {
  return iCloud({
    container: CONTAINER,
    environment: 'development',
    apiToken: API_TOKEN,
    user: 'user-1',
    fetch: service.fetch,
    auth: service.auth('ada'),
    ...(tokens && { tokens }),
  })
}

/** The page's localStorage, by an object that no other tab has. */
const ownView = (): WebTokenStore => ({
  load: () => localStorage.getItem(NAME) ?? undefined,
  save: (token) => (token === undefined ? localStorage.removeItem(NAME) : localStorage.setItem(NAME, token)),
})

beforeEach(() => localStorage.clear())
afterEach(() => {
  vi.unstubAllGlobals()
  localStorage.clear()
})

describe('iCloud in a page', () => {
  test('keeps its web token in localStorage, for pages that come later', async () => {
    const service = emulated()
    await tab(service).write(ID, KEY)
    expect(localStorage.getItem(NAME)).toMatch(/\+\/==$/)
    const calls = service.calls.length
    expect(await tab(service).read(ID)).toEqual(KEY)
    expect(service.calls.length).toBe(calls + 1)
  })

  test('uses each token once in several tabs at the same time, by the Web Locks of the browser', async () => {
    const service = emulated()
    service.setFaults(() => ({ type: 'delay', ms: 3 }))
    const tabs = Array.from({ length: 4 }, () => tab(service, ownView()))
    await Promise.all(tabs.map((storage, i) => storage.write(`${i}`.repeat(32), KEY)))
    const read = await Promise.all(tabs.map((storage, i) => storage.read(`${(i + 1) % 4}`.repeat(32))))
    expect(read).toEqual([KEY, KEY, KEY, KEY])
    // One refused for want of a token; each of the others with one of its own.
    const tokens = service.calls.map(({ url }) => /ckWebAuthToken=(.*)/.exec(url.search)?.[1])
    expect(service.calls.filter(({ status }) => status !== 200)).toHaveLength(1)
    expect(new Set(tokens).size).toBe(tokens.length)
  })

  test('works in memory where localStorage may not be used', async () => {
    const service = emulated()
    vi.stubGlobal('localStorage', undefined)
    Object.defineProperty(globalThis, 'localStorage', {
      configurable: true,
      get() {
        throw new DOMException('no', 'SecurityError')
      },
    })
    const storage = tab(service)
    await storage.write(ID, KEY)
    expect(await storage.read(ID)).toEqual(KEY)
    expect(service.calls).toHaveLength(3)
  })

  test('works where localStorage has no room', async () => {
    const service = emulated()
    vi.stubGlobal('localStorage', {
      getItem: () => null,
      removeItem() {},
      setItem() {
        throw new DOMException('no', 'QuotaExceededError')
      },
    })
    const storage = iCloud({
      container: 'iCloud.com.example.other',
      environment: 'production',
      apiToken: 'api-token-3',
      user: 'user-1',
      fetch: service.fetch,
      auth: service.auth('ada'),
    })
    expect(await storage.read(ID)).toBeUndefined()
    expect(await storage.read(ID)).toBeUndefined()
    expect(service.calls).toHaveLength(3)
  })
})

describe('a message of another window', () => {
  /** A window of this origin in a frame, which sends what it is told to. */
  async function frame(): Promise<{ window: Window; send(data: object): void; remove(): void }> {
    const element = document.createElement('iframe')
    element.srcdoc = '<script>addEventListener("message", ({ data }) => parent.postMessage(data, "*"))</script>'
    const loaded = new Promise((resolve) => element.addEventListener('load', resolve, { once: true }))
    document.body.append(element)
    await loaded
    const window = element.contentWindow as Window
    return { window, send: (data) => window.postMessage(data, '*'), remove: () => element.remove() }
  }

  test('is taken if it is the window that was opened, and of an origin that is trusted', async () => {
    const [own, other] = [await frame(), await frame()]
    const close = vi.fn()
    // A frame cannot be closed; all else of it is a window.
    vi.stubGlobal('open', () => {
      own.window.close = close
      return own.window
    })
    const { origin } = location
    const request = { redirectUrl: `${origin}/sign-in`, apiToken: 'api', signal: new AbortController().signal }
    const token = appleSignIn({ origins: [origin] }).signIn(request)
    await Promise.resolve()
    other.send({ ckWebAuthToken: 'of-another-window' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    own.send({ ckWebAuthToken: 7 })
    own.send({ ckWebAuthToken: 'own' })
    expect(await token).toBe('own')
    expect(close).toHaveBeenCalledOnce()

    const controller = new AbortController()
    const elsewhere = { ...request, redirectUrl: 'https://idmsa.apple.com/', signal: controller.signal }
    const refused = appleSignIn().signIn(elsewhere)
    const settled = vi.fn()
    refused.then(settled, settled)
    own.send({ ckWebAuthToken: 'of-an-origin-that-is-not-of-apple' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(settled).not.toHaveBeenCalled()
    controller.abort()
    own.remove()
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    other.remove()
  })
})
