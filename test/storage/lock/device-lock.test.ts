import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { secretLock, type DeviceLock } from '../../../src/storage/lock.ts'
import { code } from '../../support/code.ts'
import { askedLock, secretOf } from './support/locks.ts'

const SECRET = secretOf(1)

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A lock whose prompts the test answers, each once. */
function prompting(options: { openForMs?: number; forgetWhenHidden?: boolean } = {}) {
  const prompts: { signal: AbortSignal; answer(secret: Uint8Array): void; refuse(error: unknown): void }[] = []
  const lock = secretLock({
    ...options,
    getSecret: ({ signal }) =>
      new Promise<Uint8Array>((resolve, reject) => prompts.push({ signal: signal!, answer: resolve, refuse: reject })),
  })
  return { lock, prompts }
}

async function opened(lock: DeviceLock, prompts: { answer(secret: Uint8Array): void }[]): Promise<void> {
  const work = lock.unlock()
  prompts.at(-1).answer(SECRET.slice())
  expect(await work).toEqual(SECRET)
}

/** A page that can be hidden and left: the browser's, or one that is there for this test. */
function page() {
  const isBrowser = typeof document !== 'undefined'
  const page = isBrowser ? document : new EventTarget()
  const window = isBrowser ? globalThis : page
  let state = 'visible'
  Object.defineProperty(page, 'visibilityState', { get: () => state, configurable: true })
  if (!isBrowser) {
    vi.stubGlobal('document', page)
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  }
  return {
    leave: () => window.dispatchEvent(new Event('pagehide')),
    show(next: 'hidden' | 'visible') {
      state = next
      page.dispatchEvent(new Event('visibilitychange'))
    },
    restore: () => Reflect.deleteProperty(page, 'visibilityState'),
  }
}

describe('an opened lock', () => {
  test('is asked once, and gives copies', async () => {
    const asked = askedLock(SECRET)
    const first = await asked.lock.unlock()
    first.fill(0)
    expect(await asked.lock.unlock()).toEqual(SECRET)
    expect([asked.prompts, asked.lock.isOpen()]).toEqual([1, true])
  })

  test.each([
    [undefined, 300_000],
    [1000, 1000],
  ])('with openForMs %s closes after %i ms', async (openForMs, ms) => {
    const { lock, prompts } = prompting(openForMs === undefined ? {} : { openForMs })
    await opened(lock, prompts)
    await vi.advanceTimersByTimeAsync(ms - 1)
    expect(lock.isOpen()).toBe(true)
    await vi.advanceTimersByTimeAsync(1)
    expect(lock.isOpen()).toBe(false)
    await opened(lock, prompts)
    expect(prompts).toHaveLength(2)
  })

  test('closes though its timer stood still while the device slept, or its clock was set back', async () => {
    for (const shift of [300_000, -1000]) {
      const { lock, prompts } = prompting()
      await opened(lock, prompts)
      vi.setSystemTime(Date.now() + shift)
      expect(lock.isOpen()).toBe(false)
    }
  })

  test('closes by the clock that nobody sets, though the other stands still', async () => {
    const { lock, prompts } = prompting()
    await opened(lock, prompts)
    const now = performance.now()
    vi.spyOn(performance, 'now').mockReturnValue(now + 300_000)
    expect(lock.isOpen()).toBe(false)
    vi.restoreAllMocks()
  })

  test('closes at once by lock()', async () => {
    const { lock, prompts } = prompting()
    await opened(lock, prompts)
    lock.lock()
    expect(lock.isOpen()).toBe(false)
    const again = lock.unlock()
    prompts[1]!.refuse(new Error('no'))
    await expect(again).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
  })

  test('is asked anew by probe(), and open afterwards', async () => {
    const asked = askedLock(SECRET)
    await asked.lock.unlock()
    await asked.lock.probe()
    await asked.lock.unlock()
    expect([asked.prompts, asked.lock.isOpen()]).toEqual([2, true])
  })
})

describe('a page that goes', () => {
  let shown: ReturnType<typeof page>
  beforeEach(() => {
    shown = page()
    return () => shown.restore()
  })

  test('closes the lock when it is left or hidden', async () => {
    const { lock, prompts } = prompting()
    for (const go of [shown.leave, () => shown.show('hidden')]) {
      shown.show('visible')
      await opened(lock, prompts)
      shown.show('visible')
      expect(lock.isOpen()).toBe(true)
      go()
      expect(lock.isOpen()).toBe(false)
    }
  })

  test('has no listener of a closed lock', async () => {
    const targets = [globalThis, document] as const
    const listeners = new Set<unknown>()
    for (const target of targets) {
      vi.spyOn(target, 'addEventListener').mockImplementation((_: string, run: unknown) => void listeners.add(run))
      vi.spyOn(target, 'removeEventListener').mockImplementation(
        (_: string, run: unknown) => void listeners.delete(run),
      )
    }
    const { lock, prompts } = prompting()
    await opened(lock, prompts)
    expect(listeners.size).toBe(2)
    lock.lock()
    expect(listeners.size).toBe(0)
    vi.restoreAllMocks()
  })

  test('leaves it open when it is hidden, where the app says so', async () => {
    const { lock, prompts } = prompting({ forgetWhenHidden: false })
    await opened(lock, prompts)
    shown.show('hidden')
    expect(lock.isOpen()).toBe(true)
    shown.leave()
    expect(lock.isOpen()).toBe(false)
  })

  test('leaves the prompt that hides it, and its answer for a moment', async () => {
    const { lock, prompts } = prompting()
    for (const comesBack of [true, false]) {
      shown.show('visible')
      const work = lock.unlock()
      shown.show('hidden')
      prompts.at(-1).answer(SECRET.slice())
      await work
      expect(lock.isOpen()).toBe(true)
      if (comesBack) shown.show('visible')
      await vi.advanceTimersByTimeAsync(1000)
      expect(lock.isOpen()).toBe(comesBack)
      lock.lock()
    }
  })
})

describe('a prompt', () => {
  test('is shared by all calls at the same time', async () => {
    const { lock, prompts } = prompting()
    const works = [lock.unlock(), lock.unlock(), lock.unlock({ signal: new AbortController().signal })]
    prompts[0]!.answer(SECRET.slice())
    expect(await Promise.all(works)).toEqual([SECRET, SECRET, SECRET])
    expect(prompts).toHaveLength(1)
  })

  test('ends for the call that is aborted, and goes away with the last one', async () => {
    const { lock, prompts } = prompting()
    const controllers = [new AbortController(), new AbortController()]
    const works = controllers.map(({ signal }) => lock.unlock({ signal }))
    const outcomes = Promise.allSettled(works)
    controllers[0]!.abort()
    await expect(works[0]).rejects.toThrow(code('ABORTED'))
    expect(prompts[0]!.signal.aborted).toBe(false)
    controllers[1]!.abort()
    await outcomes
    await expect(works[1]).rejects.toThrow(code('ABORTED'))
    expect(prompts[0]!.signal.aborted).toBe(true)
  })

  test('that is answered after nobody waits opens nothing', async () => {
    const { lock, prompts } = prompting()
    const controller = new AbortController()
    const work = lock.unlock({ signal: controller.signal })
    controller.abort()
    await expect(work).rejects.toThrow(code('ABORTED'))
    const next = lock.unlock()
    expect(prompts).toHaveLength(2)
    const late = SECRET.slice()
    prompts[0]!.answer(late)
    await vi.advanceTimersByTimeAsync(0)
    expect([late, lock.isOpen()]).toEqual([SECRET, false])
    prompts[1]!.answer(SECRET.slice())
    expect(await next).toEqual(SECRET)
  })

  test('is not begun for a call that is aborted already', async () => {
    const { lock, prompts } = prompting()
    await expect(lock.unlock({ signal: AbortSignal.abort() })).rejects.toThrow(code('ABORTED'))
    await expect(lock.probe({ signal: AbortSignal.abort() })).rejects.toThrow(code('ABORTED'))
    expect(prompts).toHaveLength(0)
  })

  test('ends by lock(), which may be tried again', async () => {
    const { lock, prompts } = prompting()
    const work = lock.unlock()
    lock.lock()
    await expect(work).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    expect(prompts[0]!.signal.aborted).toBe(true)
    const late = SECRET.slice()
    prompts[0]!.answer(late)
    await vi.advanceTimersByTimeAsync(0)
    expect([late, lock.isOpen()]).toEqual([SECRET, false])
  })

  test('that failed is begun anew by the next call', async () => {
    const { lock, prompts } = prompting()
    const work = lock.unlock()
    prompts[0]!.refuse(new Error('cancelled'))
    await expect(work).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    await opened(lock, prompts)
    expect(prompts).toHaveLength(2)
  })
})

describe('a secret', () => {
  test.each([[undefined], [null]])('that is gone (%s) is SHARE_NOT_FOUND, finally', async (given) => {
    const lock = secretLock({ getSecret: () => given })
    await expect(lock.unlock()).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND', retryable: false })
  })

  test.each<[string, unknown]>([
    ['31 bytes', SECRET.slice(1)],
    ['zeros', new Uint8Array(32)],
    ['equal bytes', new Uint8Array(64).fill(9)],
    ['text', 'x'.repeat(32)],
    ['a list', Array.from({ length: 32 }, () => 1)],
  ])('of %s is refused, and left as it is', async (_, given) => {
    const before = structuredClone(given)
    const lock = secretLock({ getSecret: () => given as Uint8Array })
    await expect(lock.unlock()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    expect(lock.isOpen()).toBe(false)
    expect(given).toEqual(before)
  })

  test('that is given as bytes is copied, and good until lock()', async () => {
    const given = SECRET.slice()
    const lock = secretLock(given)
    given.fill(0)
    await lock.probe()
    expect([await lock.unlock(), lock.isOpen()]).toEqual([SECRET, true])
    lock.lock()
    expect(lock.isOpen()).toBe(false)
    for (const call of [lock.unlock(), lock.probe()]) {
      await expect(call).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    }
  })

  test.each<[unknown, unknown]>([
    [SECRET.slice(1), RangeError],
    [new Uint8Array(32).fill(255), RangeError],
    [undefined, TypeError],
    [{}, TypeError],
    [{ getSecret: () => SECRET, openForMs: 999 }, RangeError],
    [{ getSecret: () => SECRET, openForMs: 86_400_001 }, RangeError],
    [{ getSecret: () => SECRET, openForMs: Number.NaN }, RangeError],
    [{ getSecret: () => SECRET, openForMs: '1000' }, TypeError],
    [{ getSecret: () => SECRET, forgetWhenHidden: 'yes' }, TypeError],
  ])('or an option %o is refused at once', (options, error) => {
    expect(() => secretLock(options as never)).toThrow(error)
  })
})
