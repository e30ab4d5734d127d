import { describe, expect, test } from 'vitest'
import { MpcError } from '../../../src/errors.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { changeLock, lockedStore, sealStore, type DeviceLock } from '../../../src/storage/lock.ts'
import type { ShareStore } from '../../../src/storage/types.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { code } from '../../support/code.ts'
import { askedLock, contents, lockOf, secretOf, WALLET } from './support/locks.ts'

const SECRETS = ['device-key', 'ot/a', 'share/a', 'share/b']

/** A store that was used without a lock. */
async function plain(): Promise<ShareStore> {
  const store = memoryStore()
  for (const key of [...SECRETS, WALLET]) await store.write(key, utf8(`value of ${key}`), null)
  return store
}

/** A store whose changes fail from the given one on, before or after they are made, as if the process had ended. */
function endingAt(store: ShareStore, change: number, when: 'before' | 'after'): ShareStore {
  let changes = 0
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    changes++
    if (changes > change || (changes === change && when === 'before'))
      throw new MpcError('STORAGE_UNAVAILABLE', 'ended')
    const result = await work()
    if (changes === change) throw new MpcError('STORAGE_UNAVAILABLE', 'ended')
    return result
  }
  return {
    ...store,
    write: (...call) => around(() => store.write(...call)),
    delete: (key) => around(() => store.delete(key)),
  }
}

async function holdsEverything(store: ShareStore): Promise<void> {
  for (const key of [...SECRETS, WALLET]) expect((await store.read(key))?.value).toEqual(utf8(`value of ${key}`))
}

describe('sealing a store that was used without a lock', () => {
  test('keeps everything, and leaves no secret in the open', async () => {
    const inner = await plain()
    expect(await sealStore(inner, lockOf(1))).toBe(4)
    await holdsEverything(lockedStore(inner, lockOf(1)))
    const stored = await contents(inner)
    expect([...stored.keys()]).toEqual([...SECRETS, 'reshare-lock/0', WALLET].sort())
    for (const key of SECRETS) expect(String(stored.get(key))).not.toContain(String(utf8('value of')))
  })

  test('asks only if there is something to seal, and twice for its first time', async () => {
    const inner = await plain()
    const asked = askedLock(secretOf(1))
    expect([await sealStore(inner, asked.lock), asked.prompts]).toEqual([4, 2])
    asked.lock.lock()
    expect([await sealStore(inner, asked.lock), asked.prompts]).toEqual([0, 2])
    expect([await sealStore(memoryStore(), asked.lock), asked.prompts]).toEqual([0, 2])
  })

  test.each(
    Array.from({ length: 7 }, (_, i) => [i + 1, 'before' as const]).flatMap(([n]) => [
      [n as number, 'before' as const],
      [n as number, 'after' as const],
    ]),
  )('loses nothing where it ends %s change, %s it is made', async (change, when) => {
    const inner = await plain()
    await expect(sealStore(endingAt(inner, change, when), lockOf(1))).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    const unfinished = lockedStore(inner, lockOf(1))
    for (const key of SECRETS) {
      const value = await unfinished.read(key).catch((error: MpcError) => [error.code, error.retryable])
      expect([
        { value: utf8(`value of ${key}`), version: expect.any(String) as string },
        ['STORAGE_UNAVAILABLE', false],
      ]).toContainEqual(value)
    }
    await sealStore(inner, lockOf(1))
    await holdsEverything(lockedStore(inner, lockOf(1)))
    expect(await inner.list('reshare-lock/')).toEqual(['reshare-lock/0'])
  })

  test('has all of its changes tried above', async () => {
    const inner = await plain()
    await sealStore(endingAt(inner, 8, 'before'), lockOf(1))
  })

  test('is needed before the store is locked: until then, nothing is read or overwritten', async () => {
    const inner = await plain()
    const before = await contents(inner)
    const store = lockedStore(inner, lockOf(1))
    const expected = { code: 'STORAGE_UNAVAILABLE', retryable: false }
    await expect(store.read('device-key')).rejects.toMatchObject(expected)
    await expect(store.write('device-key', utf8('new'), null)).rejects.toMatchObject(expected)
    await expect(store.write('share/new', utf8('new'), null)).rejects.toMatchObject(expected)
    await expect(store.probe()).rejects.toMatchObject(expected)
    expect(await contents(inner)).toEqual(before)
    expect((await store.read(WALLET))?.value).toEqual(utf8(`value of ${WALLET}`))
  })

  test('a value in the open that comes later counts as damaged', async () => {
    const inner = await plain()
    await sealStore(inner, lockOf(1))
    await inner.write('share/planted', utf8('planted'), null)
    const store = lockedStore(inner, lockOf(1))
    await expect(store.read('share/planted')).rejects.toThrow(code('SHARE_PARSING_FAILED'))
    await expect(store.write('share/planted', utf8('new'), null)).rejects.toThrow(code('SHARE_PARSING_FAILED'))
    const asked = askedLock(secretOf(1))
    expect([await sealStore(inner, asked.lock), asked.prompts]).toEqual([0, 0])
    await expect(store.read('share/planted')).rejects.toThrow(code('SHARE_PARSING_FAILED'))
  })

  test('does not go on under another lock, and with the first one ends', async () => {
    const inner = await plain()
    await expect(sealStore(endingAt(inner, 4, 'after'), lockOf(1))).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    const before = await contents(inner)
    const asked = askedLock(secretOf(2))
    const work = sealStore(inner, asked.lock)
    await expect(work).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND', retryable: false })
    const store = lockedStore(inner, lockOf(2))
    const expected = { code: 'STORAGE_UNAVAILABLE', retryable: false }
    await expect(store.probe()).rejects.toMatchObject(expected)
    await expect(store.write('share/new', utf8('new'), null)).rejects.toMatchObject(expected)
    expect(await contents(inner)).toEqual(before)
    const first = askedLock(secretOf(1))
    expect([await sealStore(inner, first.lock), first.prompts]).toEqual([2, 1])
    await holdsEverything(lockedStore(inner, lockOf(1)))
  })

  test('leaves what the store below finds damaged, and what others change meanwhile', async () => {
    const inner = await plain()
    let changed = false
    const below: ShareStore = {
      ...inner,
      read: async (key) => {
        if (key === 'ot/a') throw new MpcError('SHARE_PARSING_FAILED', 'damaged')
        return inner.read(key)
      },
      write: async (key, value, version) => {
        if (key === 'share/a' && !changed) {
          changed = true
          await inner.write(key, utf8('changed'), version)
        }
        return inner.write(key, value, version)
      },
    }
    expect(await sealStore(below, lockOf(1))).toBe(3)
    expect((await lockedStore(inner, lockOf(1)).read('share/a'))?.value).toEqual(utf8('changed'))
    expect((await inner.read('ot/a'))?.value).toEqual(utf8('value of ot/a'))
  })

  test('a refused prompt changes nothing', async () => {
    const inner = await plain()
    const before = await contents(inner)
    const refusing = askedLock(() => Promise.reject(new Error('no'))).lock
    await expect(sealStore(inner, refusing)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    expect(await contents(inner)).toEqual(before)
  })

  test('what is no store or no lock is refused', async () => {
    await expect(sealStore({} as ShareStore, lockOf(1))).rejects.toThrow(TypeError)
    await expect(sealStore(memoryStore(), {} as DeviceLock)).rejects.toThrow(TypeError)
    await expect(changeLock(memoryStore(), undefined as never)).rejects.toThrow(TypeError)
    await expect(changeLock(memoryStore(), { from: lockOf(1), to: {} as DeviceLock })).rejects.toThrow(TypeError)
  })
})

describe('changing the lock', () => {
  async function sealed(): Promise<ShareStore> {
    const inner = await plain()
    await sealStore(inner, lockOf(1))
    return inner
  }

  test('opens everything with the new one, and nothing with the old', async () => {
    const inner = await sealed()
    await changeLock(inner, { from: lockOf(1), to: lockOf(2) })
    await holdsEverything(lockedStore(inner, lockOf(2)))
    await expect(lockedStore(inner, lockOf(1)).read('share/a')).rejects.toThrow(code('SHARE_NOT_FOUND'))
    expect(await inner.list('reshare-lock/')).toEqual(['reshare-lock/0'])
    // Again, as after a crash that hid its end.
    await changeLock(inner, { from: lockOf(1), to: lockOf(2) })
    await holdsEverything(lockedStore(inner, lockOf(2)))
  })

  test.each(['before', 'after'] as const)(
    'opens with the one or the other where it ends %s its write',
    async (when) => {
      const inner = await sealed()
      const work = changeLock(endingAt(inner, 1, when), { from: lockOf(1), to: lockOf(2) })
      await expect(work).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
      await holdsEverything(lockedStore(inner, lockOf(when === 'before' ? 1 : 2)))
      await changeLock(inner, { from: lockOf(1), to: lockOf(2) })
      await holdsEverything(lockedStore(inner, lockOf(2)))
    },
  )

  test('of a store that holds nothing yet leaves it to the next lock', async () => {
    const inner = memoryStore()
    await changeLock(inner, { from: lockOf(1), to: lockOf(2) })
    expect(await inner.list('')).toEqual([])
  })

  test('is refused by a lock that does not open the store, and changes nothing', async () => {
    const inner = await sealed()
    const before = await contents(inner)
    await expect(changeLock(inner, { from: lockOf(3), to: lockOf(2) })).rejects.toThrow(code('SHARE_NOT_FOUND'))
    const refusing = askedLock(() => Promise.reject(new Error('no'))).lock
    for (const locks of [
      { from: refusing, to: lockOf(2) },
      { from: lockOf(1), to: refusing },
    ]) {
      await expect(changeLock(inner, locks)).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    }
    expect(await contents(inner)).toEqual(before)
  })
})
