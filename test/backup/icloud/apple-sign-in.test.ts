import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { appleSignIn, type AppleSignInOptions } from '../../../src/backup/icloud/index.ts'
import { codeOf } from '../fixtures.ts'
import { emulated, ID, KEY, withoutWaiting } from './fixtures.ts'

const PAGE = 'https://idmsa.apple.com/IDMSWebAuth/auth?oauth_token=x'

/** The page's globals, and the window that a sign-in opens. */
function openedWindow() {
  const page = new EventTarget()
  const added: string[] = []
  const opened = { closed: false, close: vi.fn(() => void (opened.closed = true)) }
  const open = vi.fn((_url: string): typeof opened | null => opened)
  vi.stubGlobal('open', open)
  vi.stubGlobal('addEventListener', (type: string, listener: EventListener) => {
    added.push(type)
    page.addEventListener(type, listener)
  })
  vi.stubGlobal('removeEventListener', (type: string, listener: EventListener) => {
    added.splice(added.indexOf(type), 1)
    page.removeEventListener(type, listener)
  })
  return {
    opened,
    open,
    listeners: added,
    send(data: unknown, from: { origin?: string; source?: unknown } = {}) {
      const event = new Event('message')
      page.dispatchEvent(Object.assign(event, { data, origin: 'https://www.icloud.com', source: opened, ...from }))
    },
  }
}

function signIn(options: AppleSignInOptions = {}, redirectUrl = PAGE, signal = new AbortController().signal) {
  return appleSignIn(options).signIn({ redirectUrl, apiToken: 'api', signal })
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('signing in by the page of Apple', () => {
  test.each([['ckWebAuthToken'], ['ckSession']])('gives the token of a message with %s', async (key) => {
    const { open, opened, send, listeners } = openedWindow()
    const token = signIn()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(open).toHaveBeenCalledExactlyOnceWith(PAGE, '_blank', expect.stringContaining('popup'))
    send({ [key]: 'dG9rZW4+/==' })
    expect(await token).toBe('dG9rZW4+/==')
    expect(opened.close).toHaveBeenCalledOnce()
    expect(listeners).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([
    ['https://idmsa.apple.com', true],
    ['https://apple.com', true],
    ['https://www.icloud.com', true],
    ['https://www.icloud.com.cn', true],
    ['https://cdn.apple-cloudkit.com', true],
    ['http://idmsa.apple.com', false],
    ['https://idmsa.apple.com:8443', false],
    ['https://evil-apple.com', false],
    ['https://apple.com.evil.example', false],
    ['https://idmsa.apple.com.cn.evil.example', false],
    ['https://xapple-cloudkit.com', false],
    ['https://apple.com@evil.example', false],
    ['null', false],
    ['', false],
  ])('takes a message of %s: %s', async (origin, taken) => {
    const { send } = openedWindow()
    const token = signIn()
    await vi.advanceTimersByTimeAsync(0)
    send({ ckWebAuthToken: 'first' }, { origin })
    send({ ckWebAuthToken: 'second' })
    expect(await token).toBe(taken ? 'first' : 'second')
  })

  test('takes messages of its own window alone', async () => {
    const { send } = openedWindow()
    const token = signIn()
    await vi.advanceTimersByTimeAsync(0)
    for (const source of [null, undefined, globalThis, {}]) send({ ckWebAuthToken: 'other' }, { source })
    send({ ckWebAuthToken: 'own' })
    expect(await token).toBe('own')
  })

  test('ignores what is none of its messages', async () => {
    const { send } = openedWindow()
    const token = signIn()
    await vi.advanceTimersByTimeAsync(0)
    const odd = [undefined, null, 7, 'ckWebAuthToken', [], { ckWebAuthToken: 7 }, { ckWebAuthToken: '' }]
    for (const data of [...odd, { ckWebAuthToken: 'two words' }, { ckWebAuthToken: 'x'.repeat(5000) }, {}]) send(data)
    send({ ckWebAuthToken: 'token' })
    expect(await token).toBe('token')
  })

  test('takes the origins of the app in the place of those of Apple', async () => {
    const { send } = openedWindow()
    const options = { origins: ['https://sign-in.example'] }
    const token = signIn(options, 'https://sign-in.example/page')
    await vi.advanceTimersByTimeAsync(0)
    send({ ckWebAuthToken: 'first' })
    send({ ckWebAuthToken: 'second' }, { origin: 'https://sign-in.example' })
    expect(await token).toBe('second')
    await expect(signIn(options, PAGE)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
  })

  test.each([['https://evil.example/apple.com'], ['javascript:alert(1)'], ['apple.com'], ['http://apple.com/'], ['']])(
    'does not open %s',
    async (page) => {
      const { open } = openedWindow()
      await expect(signIn({}, page)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
      expect(open).not.toHaveBeenCalled()
    },
  )

  test('asks first where the app wants it, and opens nothing if the user refuses', async () => {
    const { open, send } = openedWindow()
    let click = () => {}
    const token = signIn({ ask: () => new Promise<void>((resolve) => (click = resolve)) })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(open).not.toHaveBeenCalled()
    click()
    await vi.advanceTimersByTimeAsync(0)
    expect(open).toHaveBeenCalledOnce()
    send({ ckWebAuthToken: 'token' })
    expect(await token).toBe('token')
    await expect(signIn({ ask: () => Promise.reject(new Error('no')) })).rejects.toThrow('no')
    expect(open).toHaveBeenCalledOnce()
  })

  test('fails if the browser blocks the window', async () => {
    const { open } = openedWindow()
    open.mockReturnValue(null)
    await expect(signIn()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
  })

  test('fails if the page reports an error, without its text', async () => {
    for (const data of [{ errorCode: 'AUTH_FAILED' }, { errorMessage: 'secret', errorCode: 'secret' }]) {
      const { send, opened } = openedWindow()
      const failing = signIn()
      failing.catch(() => undefined)
      await vi.advanceTimersByTimeAsync(0)
      send(data, { origin: 'https://evil.example' })
      send(data, { source: {} })
      await vi.advanceTimersByTimeAsync(0)
      expect(opened.close).not.toHaveBeenCalled()
      send(data)
      await expect(failing).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
      await expect(failing).rejects.not.toThrow(/secret/)
    }
  })

  test('fails half a minute after the window was closed, which it may only seem to be', async () => {
    const first = openedWindow()
    const closed = codeOf(signIn())
    await vi.advanceTimersByTimeAsync(60_000)
    first.opened.closed = true
    await vi.advanceTimersByTimeAsync(30_000)
    expect(first.listeners).toEqual(['message'])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await closed).toBe('STORAGE_UNAVAILABLE')
    expect(first.listeners).toEqual([])
    const second = openedWindow()
    const token = signIn()
    for (let i = 0; i < 5; i++) {
      second.opened.closed = i % 2 === 0
      await vi.advanceTimersByTimeAsync(20_000)
    }
    second.send({ ckWebAuthToken: 'late' })
    expect(await token).toBe('late')
  })

  test('ends when it is aborted, before and after the window is opened', async () => {
    const { open, opened, listeners } = openedWindow()
    const aborted = AbortSignal.abort()
    expect(await codeOf(signIn({}, PAGE, aborted))).toBe('STORAGE_UNAVAILABLE')
    expect(open).not.toHaveBeenCalled()
    const controller = new AbortController()
    const ended = codeOf(signIn({}, PAGE, controller.signal))
    await vi.advanceTimersByTimeAsync(100)
    controller.abort()
    expect(await ended).toBe('STORAGE_UNAVAILABLE')
    expect(opened.close).toHaveBeenCalledOnce()
    expect(listeners).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('refuses wrong options', () => {
    expect(() => appleSignIn({ ask: 'ask' as never })).toThrow(TypeError)
    expect(() => appleSignIn({ origins: 'https://apple.com' as never })).toThrow(TypeError)
    expect(() => appleSignIn({ origins: [7] as never })).toThrow(TypeError)
  })

  test('writes a key with the token of the page, and ends with one code if there is none', async () => {
    const { open, opened, send } = openedWindow()
    const service = emulated()
    open.mockImplementation((url) => {
      void service
        .auth('ada')
        .signIn({ redirectUrl: url })
        .then((ckWebAuthToken) => setTimeout(() => send({ ckWebAuthToken }), 2_000))
      return opened
    })
    const storage = service.device('ada', { auth: appleSignIn() })
    await withoutWaiting(storage.write(ID, KEY))
    expect(service.records('ada').get(ID)).toEqual(KEY)
    service.signOut('ada')
    open.mockReturnValue({ ...opened, closed: true })
    expect(await codeOf(withoutWaiting(storage.read(ID)))).toBe('STORAGE_UNAVAILABLE')
    const controller = new AbortController()
    open.mockReturnValue({ ...opened, closed: false })
    setTimeout(() => controller.abort(), 1_500)
    expect(await codeOf(withoutWaiting(storage.read(ID, { signal: controller.signal })))).toBe('ABORTED')
  })
})
