import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  backupWallet,
  generateWallet,
  listDevices,
  listWallets,
  recoverWallet,
  sign,
  type ShareStore,
  type Transport,
} from '../../src/index.ts'
import { withDeadline } from '../../src/client/deadline.ts'
import { isMpcError } from '../../src/errors.ts'
import { memoryStore } from '../../src/storage/memory.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { stage } from './support/devices.ts'
import { plainMethod } from './support/plain-method.ts'

const message = utf8('hello')
const never = () => new Promise<never>(() => {})
const silent: Transport = { request: never }

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** What an `abort-controller` polyfill, or another realm, gives: a signal by its looks alone, without a reason. */
function foreignSignal() {
  const target = new EventTarget()
  const signal = {
    aborted: false,
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
  }
  const abort = () => {
    signal.aborted = true
    target.dispatchEvent(new Event('abort'))
  }
  return { signal: signal as AbortSignal, abort }
}

describe('the end of an action', () => {
  test('is ABORTED by a signal that is none of this engine', async () => {
    const { signal, abort } = foreignSignal()
    const client = stage().device('phone', { transport: silent })
    const action = listDevices(client, { signal })
    abort()
    await expect(action).rejects.toMatchObject({ code: 'ABORTED', retryable: false })
    await expect(listDevices(client, { signal })).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test.each<[string, unknown]>([
    ['an object', {}],
    ['a controller', new AbortController()],
    ['a flag', { aborted: false }],
    ['null', null],
    ['half a target', { aborted: false, addEventListener: () => {} }],
  ])('is not to be told by %s', async (_, signal) => {
    const client = stage().device('phone', { transport: silent })
    await expect(listDevices(client, { signal: signal as never })).rejects.toThrow('signal must be an AbortSignal')
  })

  test.each(['timeout', 'abort'] as const)(
    'has a code by %s where signals carry no reason and nothing throws a DOMException',
    async (how) => {
      const { AbortController: Real } = globalThis
      vi.stubGlobal('DOMException', undefined)
      vi.stubGlobal(
        'AbortController',
        class extends Real {
          constructor() {
            super()
            Object.defineProperty(this.signal, 'reason', { value: undefined })
          }
        },
      )
      const aborted: Transport = {
        request: ({ signal }) =>
          new Promise((_, reject) =>
            signal!.addEventListener('abort', () => reject(Object.assign(new Error(), { name: 'AbortError' }))),
          ),
      }
      for (const transport of [silent, aborted]) {
        const stop = new AbortController()
        const action = listDevices(stage().device('phone', { transport }), { signal: stop.signal, timeoutMs: 5000 })
        const ended = expect(action).rejects.toMatchObject({ code: how === 'timeout' ? 'TIMEOUT' : 'ABORTED' })
        if (how === 'abort') stop.abort()
        else await vi.advanceTimersByTimeAsync(5000)
        await ended
      }
      expect(vi.getTimerCount()).toBe(0)
    },
  )
})

test('an action may wait for many calls at once: its end ends all, and Node warns of no listeners', async () => {
  const client = stage().device('phone')
  const controller = new AbortController()
  const { listens, outcomes } = await withDeadline(client, { signal: controller.signal }, async (deadline) => {
    const listens = vi.spyOn(deadline.signal, 'addEventListener')
    await deadline.race(Promise.resolve())
    const calls = Array.from({ length: 30 }, () => deadline.race(never()))
    controller.abort()
    const late = deadline.race(never())
    return { listens, outcomes: await Promise.allSettled([...calls, late]) }
  })
  expect(listens).not.toHaveBeenCalled()
  expect(outcomes.map((outcome) => isMpcError(Object(outcome).reason, 'ABORTED'))).toEqual(Array(31).fill(true))
})

describe('what a backup method takes', () => {
  const plain = plainMethod()
  const slow = (ms: number) => {
    const later = () => new Promise<void>((resolve) => setTimeout(resolve, ms))
    return plainMethod('secret', {
      probe: later,
      seal: async (...given) => later().then(() => plain.seal(...given)),
      open: async (...given) => later().then(() => plain.open(...given)),
    })
  }

  async function transient<T>(action: Promise<T>): Promise<T> {
    const course = { isOver: false }
    const watched = action.finally(() => (course.isOver = true))
    watched.catch(() => undefined)
    while (!course.isOver) await vi.advanceTimersByTimeAsync(1000)
    return watched
  }

  test('does not count: a backup and a recovery whose every derivation takes longer than the action may', async () => {
    const { device } = stage()
    const phone = device('phone', { timeoutMs: 30_000 })
    const { id: walletId } = await generateWallet(phone)
    const { cipherText } = await transient(backupWallet(phone, { walletId, method: slow(99_000) }))
    const laptop = device('laptop', { timeoutMs: 30_000 })
    const recovery = recoverWallet(laptop, {
      cipherText,
      method: slow(99_000),
      existingSets: 'keep',
      rotateBackup: true,
    })
    expect((await transient(recovery)).id).toBe(walletId)
    // What a call of the platform holds open ends with it, by the real clock. Deadlines are much longer than this waits.
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0), { timeout: 10_000 })
  })

  test('has a bound of its own, and what is left of the action goes on after it', async () => {
    const { server, device } = stage()
    const phone = device('phone', { timeoutMs: 30_000 })
    const { id: walletId } = await generateWallet(phone)
    const stuck = transient(backupWallet(phone, { walletId, method: slow(301_000) }))
    await expect(stuck).rejects.toMatchObject({ code: 'TIMEOUT', message: 'not finished after 300000 ms' })

    const began = performance.now()
    const deaf: Transport = {
      request: (request) => (request.path.endsWith('rounds/3') ? never() : server.request(request)),
    }
    const storage = memoryStore()
    const { cipherText } = await transient(backupWallet(phone, { walletId, method: slow(1000) }))
    const laptop = device('laptop', { timeoutMs: 30_000, transport: deaf, storage })
    const options = { cipherText, method: slow(60_000), existingSets: 'keep' } as const
    await expect(transient(recoverWallet(laptop, options))).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'not finished after 30000 ms',
    })
    expect(performance.now() - began).toBeLessThan(100_000)
  })

  test('ends when the caller aborts', async () => {
    const { device } = stage()
    const phone = device()
    const { id: walletId } = await generateWallet(phone)
    const stop = new AbortController()
    const backup = backupWallet(phone, { walletId, method: slow(99_000), signal: stop.signal })
    await vi.advanceTimersByTimeAsync(1000)
    stop.abort()
    await expect(backup).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('a store of the app', () => {
  test.each<[string, Partial<Record<keyof ShareStore, unknown>>]>([
    ['read gives null', { read: async () => null }],
    ['read gives a value without a version', { read: async () => ({ value: new Uint8Array(3) }) }],
    ['read gives text', { read: async () => ({ value: 'text', version: '1' }) }],
    ['list gives text', { list: async () => 'wallet/' }],
    ['list gives numbers', { list: async () => [1] }],
    ['list gives nothing', { list: async () => undefined }],
    ['write gives nothing', { write: async () => undefined }],
    ['read throws', { read: () => { throw new Error('bug') } }], // prettier-ignore
    ['list rejects', { list: () => Promise.reject(new TypeError('bug')) }],
    ['write rejects with text', { write: () => Promise.reject('bug') }], // eslint-disable-line
  ])('whose %s is STORAGE_UNAVAILABLE', async (_, change) => {
    const storage = { ...memoryStore(), ...change } as ShareStore
    const client = stage().device('phone', { storage })
    const act = async () => {
      await generateWallet(client)
      await listWallets(client)
    }
    await expect(act()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  test('may be synchronous', async () => {
    const rows = new Map<string, { value: Uint8Array; version: string }>()
    let version = 0
    const storage = {
      probe: () => undefined,
      read: (key: string) => {
        const row = rows.get(key)
        return row && { ...row, value: row.value.slice() }
      },
      write: (key: string, value: Uint8Array) => {
        rows.set(key, { value: value.slice(), version: String(++version) })
        return String(version)
      },
      delete: (key: string) => void rows.delete(key),
      list: (prefix: string) => [...rows.keys()].filter((key) => key.startsWith(prefix)).sort(),
    } as unknown as ShareStore
    const client = stage().device('phone', { storage })
    const { id: walletId } = await generateWallet(client)
    await sign(client, { walletId, scheme: 'ed25519', message })
  })
})

describe('a clock of the app', () => {
  test.each([1_700_000_000_000.5, Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300, '2030-01-01', null])(
    'that says %o is no reason that a wallet cannot be made',
    async (time) => {
      const client = stage().device('phone', { now: () => time as number })
      const { id: walletId } = await generateWallet(client)
      await sign(client, { walletId, scheme: 'ed25519', message })
    },
  )
})
