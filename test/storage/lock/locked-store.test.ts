import { afterEach, describe, expect, test, vi } from 'vitest'
import { MpcError } from '../../../src/errors.ts'
import { storeConformance } from '../../../src/storage/conformance.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { changeLock, lockedStore, type DeviceLock } from '../../../src/storage/lock.ts'
import type { ShareStore } from '../../../src/storage/types.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { code } from '../../support/code.ts'
import { askedLock, contents, lockOf, MARK, replaceValue, secretOf, WALLET } from './support/locks.ts'

const VALUE = utf8('a share that must not be seen')

afterEach(() => {
  vi.unstubAllGlobals()
})

/** A store with one secret under a lock. */
async function locked(key = 'share/a', lock: DeviceLock = lockOf(1)) {
  const inner = memoryStore()
  const store = lockedStore(inner, lock)
  const version = await store.write(key, VALUE, null)
  return { inner, store, version }
}

describe('a locked store keeps the contract of every store', () => {
  const places = new Map<string, ShareStore>()
  const at = (place: string) => places.get(place) ?? places.set(place, memoryStore()).get(place)!
  const open = (place: string) => lockedStore(at(place), lockOf(1))
  const damage = (place: string, key: string) =>
    replaceValue(at(place), key, (value) => void (value[value.length - 1]! ^= 1))
  for (const { name, run } of storeConformance(open, damage)) test(name, run)
})

describe('a locked store', () => {
  test('seals what is secret, also under keys that nobody knows yet, and leaves the records of wallets', async () => {
    const { inner, store } = await locked()
    const upper = WALLET.toUpperCase().replace('WALLET', 'wallet')
    const likePublic = [
      'wallet',
      'wallets/a',
      'wallet/seed',
      `${WALLET}/x`,
      `x${WALLET}`,
      `${WALLET}0`,
      `${WALLET}\n`,
      upper,
    ]
    const likeMark = ['discard', 'discard/a/b', `${MARK}/`, `${MARK}0`, MARK.replace('/', '//'), `discard/${WALLET}`]
    const names = ['share/a', 'ot/a', 'device-key', 'new/kind', ...likePublic, ...likeMark, WALLET, MARK]
    for (const name of names.slice(1)) await store.write(name, VALUE, null)
    const stored = await contents(inner)
    const readable = names.filter((name) => String(stored.get(name)).includes(String(VALUE)))
    expect(readable).toEqual([WALLET, MARK])
    expect(await store.list('')).toEqual([...names].sort())
  })

  test('asks for what is secret alone', async () => {
    const { inner } = await locked()
    const asked = askedLock(secretOf(1))
    const store = lockedStore(inner, asked.lock)
    const version = await store.write(WALLET, VALUE, null)
    await store.write(WALLET, VALUE, version)
    await store.read(WALLET)
    expect(await store.read('share/absent')).toBeUndefined()
    await store.list('')
    await store.delete('share/absent')
    expect([asked.prompts, store.isLocked?.()]).toEqual([0, true])
    expect((await store.read('share/a'))?.value).toEqual(VALUE)
    await store.write('share/b', VALUE, null)
    await store.probe()
    expect([asked.prompts, store.isLocked?.()]).toEqual([1, false])
    asked.lock.lock()
    await store.delete('share/a')
    expect([asked.prompts, store.isLocked?.()]).toEqual([1, true])
  })

  test('never takes a changed value for a good one, whatever byte was changed', async () => {
    const { inner } = await locked()
    const { value } = (await inner.read('share/a'))!
    for (let at = 0; at < value.length; at++) {
      await replaceValue(inner, 'share/a', () => value.map((byte, i) => (i === at ? byte ^ 1 : byte)))
      const reading = lockedStore(inner, lockOf(1)).read('share/a')
      await expect(reading).rejects.toThrow(expect.objectContaining({ retryable: false }) as Error)
      await expect(reading).rejects.toMatchObject({ code: expect.stringMatching(/^SHARE_/) as string })
    }
    for (const length of [0, 10, 24, 60, value.length - 1]) {
      await replaceValue(inner, 'share/a', () => value.slice(0, length))
      await expect(lockedStore(inner, lockOf(1)).read('share/a')).rejects.toThrow(code('SHARE_PARSING_FAILED'))
    }
    await replaceValue(inner, 'share/a', () => Uint8Array.of(...value, 0))
    await expect(lockedStore(inner, lockOf(1)).read('share/a')).rejects.toThrow(code('SHARE_PARSING_FAILED'))
  })

  test('takes a record without entries, or with two of one key, for damaged', async () => {
    const { inner, store } = await locked()
    const { value } = (await inner.read('share/a'))!
    const [magic, entry] = [value.slice(0, 24), value.slice(26)]
    for (const entries of [[], [entry, entry]]) {
      const record = [...magic, 0, entries.length, ...entries.flatMap((bytes) => [...bytes])]
      await replaceValue(inner, 'share/a', () => Uint8Array.from(record))
      await expect(store.read('share/a')).rejects.toThrow(code('SHARE_PARSING_FAILED'))
    }
  })

  test('opens a value under its own key and version alone', async () => {
    const { inner, store } = await locked()
    const { value } = (await inner.read('share/a'))!
    await inner.write('share/b', value, null)
    await expect(store.read('share/b')).rejects.toThrow(code('SHARE_PARSING_FAILED'))
    // The version is after the magic, the number of entries and the id of the key.
    await replaceValue(inner, 'share/a', (record) => void (record[24 + 2 + 16]! ^= 1))
    await expect(store.read('share/a')).rejects.toThrow(code('SHARE_PARSING_FAILED'))
  })

  test('uses no nonce twice, also where the random source repeats', async () => {
    vi.stubGlobal('crypto', { ...crypto, getRandomValues: (out: Uint8Array) => out.fill(7) })
    const inner = memoryStore()
    const store = lockedStore(inner, lockOf(1))
    await store.write('a', VALUE, null)
    await store.write('b', VALUE, null)
    const version = await store.write('c', VALUE, null)
    const stored = await contents(inner)
    await store.write('c', utf8('another'), version)
    const records = [...['a', 'b', 'c'].map((key) => stored.get(key)!), (await inner.read('c'))!.value]
    const nonces = records.map((record) => toHex(record.subarray(24 + 2 + 32, 24 + 2 + 32 + 24)))
    expect(new Set(nonces).size).toBe(4)
  })

  test('refuses the keys of the lock itself, and lists them to nobody', async () => {
    const { inner, store } = await locked()
    expect((await inner.list('')).length).toBe(2)
    expect(await store.list('reshare-lock/')).toEqual([])
    for (const call of [
      store.read('reshare-lock/0'),
      store.write('reshare-lock/9', VALUE, null),
      store.delete('reshare-lock/0'),
    ]) {
      await expect(call).rejects.toThrow(RangeError)
    }
  })

  test('two handles that seal first at the same time have one key', async () => {
    const inner = memoryStore()
    const [a, b] = [lockedStore(inner, lockOf(1)), lockedStore(inner, lockOf(1))]
    await Promise.all([a.write('a', VALUE, null), b.write('b', VALUE, null)])
    expect(await inner.list('reshare-lock/')).toEqual(['reshare-lock/0'])
    expect((await a.read('b'))?.value).toEqual(VALUE)
    expect((await b.read('a'))?.value).toEqual(VALUE)
  })

  test('finds the key that another tab has made between its two looks', async () => {
    const { inner } = await locked()
    let looks = 0
    const late: ShareStore = {
      ...inner,
      list: async (prefix) => (prefix === 'reshare-lock/' && looks++ === 0 ? [] : inner.list(prefix)),
    }
    expect((await lockedStore(late, lockOf(1)).read('share/a'))?.value).toEqual(VALUE)
  })

  test.each(['before', 'after'] as const)('that ends %s it has made its key goes on with one key', async (when) => {
    const inner = memoryStore()
    const ending: ShareStore = {
      ...inner,
      write: async (key, ...call) => {
        if (when === 'after') await inner.write(key, ...call)
        throw new MpcError('STORAGE_UNAVAILABLE', 'ended')
      },
    }
    const first = lockedStore(ending, lockOf(1)).write('share/a', VALUE, null)
    await expect(first).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    const store = lockedStore(inner, lockOf(1))
    expect(await store.read('share/a')).toBeUndefined()
    await store.write('share/a', VALUE, null)
    expect((await store.read('share/a'))?.value).toEqual(VALUE)
    expect(await inner.list('reshare-lock/')).toEqual(['reshare-lock/0'])
  })

  test('says STORAGE_UNAVAILABLE for a write that may have been made, which the next read shows', async () => {
    const { inner, store, version } = await locked()
    let fails = true
    const failing: ShareStore = {
      ...inner,
      write: async (...call) => {
        const written = await inner.write(...call)
        if (!fails) return written
        fails = false
        throw new MpcError('STORAGE_UNAVAILABLE', 'not known')
      },
    }
    const write = lockedStore(failing, lockOf(1)).write('share/a', utf8('new'), version)
    await expect(write).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    expect((await store.read('share/a'))?.value).toEqual(utf8('new'))
    await expect(store.write('share/a', VALUE, version)).rejects.toThrow(code('STORAGE_CONFLICT'))
  })

  test('refuses what is no store or no lock', () => {
    expect(() => lockedStore({} as ShareStore, lockOf(1))).toThrow(TypeError)
    expect(() => lockedStore(memoryStore(), {} as DeviceLock)).toThrow(TypeError)
  })

  test.each([
    ['31 bytes', secretOf(5).slice(1)],
    ['no bytes', new Uint8Array(0)],
    ['zeros', new Uint8Array(32)],
    ['equal bytes', new Uint8Array(40).fill(5)],
  ])('a lock that gives %s is refused', async (_, secret) => {
    const lock: DeviceLock = { unlock: async () => secret, lock: () => {}, isOpen: () => true, probe: async () => {} }
    const expected = { code: 'STORAGE_UNAVAILABLE', retryable: false }
    await expect(lockedStore(memoryStore(), lock).write('a', VALUE, null)).rejects.toMatchObject(expected)
  })
})

describe('another lock than the one that sealed', () => {
  test('finds nothing, overwrites nothing, and stores its own beside it', async () => {
    const { inner, store, version } = await locked('device-key')
    const other = lockedStore(inner, lockOf(2))
    await expect(other.read('device-key')).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND', retryable: false })
    await expect(other.write('device-key', utf8('new'), version)).rejects.toThrow(code('STORAGE_CONFLICT'))
    const made = await other.write('device-key', utf8('new'), null)
    expect(await other.read('device-key')).toEqual({ value: utf8('new'), version: made })
    expect(await store.read('device-key')).toEqual({ value: VALUE, version })
    const changed = await other.write('device-key', utf8('newer'), made)
    expect(await other.read('device-key')).toEqual({ value: utf8('newer'), version: changed })
    expect(await store.read('device-key')).toEqual({ value: VALUE, version })
    await expect(store.write('device-key', VALUE, null)).rejects.toThrow(code('STORAGE_CONFLICT'))
  })

  test('is refused as long as the header is damaged, and the store can be used anew', async () => {
    const { inner } = await locked()
    await replaceValue(inner, 'reshare-lock/0', (header) => void (header[60]! ^= 1))
    const store = lockedStore(inner, lockOf(1))
    await expect(store.read('share/a')).rejects.toThrow(code('SHARE_NOT_FOUND'))
    await store.write('share/b', VALUE, null)
    expect(await inner.list('reshare-lock/')).toEqual(['reshare-lock/0', 'reshare-lock/1'])
    await replaceValue(inner, 'reshare-lock/0', (header) => void (header[60]! ^= 1))
    expect((await store.read('share/a'))?.value).toEqual(VALUE)
    expect((await store.read('share/b'))?.value).toEqual(VALUE)
  })

  test('is told of a header that the store below finds damaged', async () => {
    const { inner } = await locked()
    const below: ShareStore = {
      ...inner,
      read: async (key) => {
        if (key !== 'reshare-lock/0') return inner.read(key)
        throw new MpcError('SHARE_PARSING_FAILED', 'damaged')
      },
    }
    const store = lockedStore(below, lockOf(1))
    await expect(store.read('share/a')).rejects.toThrow(code('SHARE_NOT_FOUND'))
    await store.write('share/b', VALUE, null)
    expect((await store.read('share/b'))?.value).toEqual(VALUE)
  })

  test('that becomes one with the first reads the newest of both', async () => {
    const { inner, version } = await locked('device-key')
    await lockedStore(inner, lockOf(2)).write('device-key', utf8('new'), null)
    await changeLock(inner, { from: lockOf(1), to: lockOf(2) })
    const store = lockedStore(inner, lockOf(2))
    const found = (await store.read('device-key'))!
    expect(found.value).toEqual(utf8('new'))
    await expect(store.write('device-key', VALUE, version)).rejects.toThrow(code('STORAGE_CONFLICT'))
    const next = await store.write('device-key', utf8('newest'), found.version)
    expect(await store.read('device-key')).toEqual({ value: utf8('newest'), version: next })
  })
})

describe('a prompt that is refused', () => {
  test('is the error of the call, may be tried again, and changes nothing', async () => {
    const { inner } = await locked()
    const before = await contents(inner)
    const asked = askedLock(() => Promise.reject(new Error('cancelled')))
    const store = lockedStore(inner, asked.lock)
    const expected = { code: 'STORAGE_UNAVAILABLE', retryable: true }
    await expect(store.read('share/a')).rejects.toMatchObject(expected)
    await expect(store.write('share/b', VALUE, null)).rejects.toMatchObject(expected)
    await expect(store.probe()).rejects.toMatchObject(expected)
    expect(await contents(inner)).toEqual(before)
    expect(asked.prompts).toBe(3)
  })

  test('ends with the signal of the call', async () => {
    const { inner } = await locked()
    const store = lockedStore(inner, askedLock(() => new Promise(() => {})).lock)
    for (const call of [
      (signal: AbortSignal) => store.read('share/a', { signal }),
      (signal: AbortSignal) => store.write('share/b', VALUE, null, { signal }),
      (signal: AbortSignal) => store.probe({ signal }),
    ]) {
      const controller = new AbortController()
      const work = call(controller.signal)
      setTimeout(() => controller.abort(), 5)
      await expect(work).rejects.toThrow(code('ABORTED'))
    }
  })
})
