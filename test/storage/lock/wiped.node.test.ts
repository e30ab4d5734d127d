import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { memoryStore } from '../../../src/storage/index.ts'
import { keyValueStore } from '../../../src/storage/key-value.ts'
import { changeLock, lockedStore, sealStore, secretLock } from '../../../src/storage/lock.ts'
import { unwrapKey } from '../../../src/storage/lock/header.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { allocationsOf } from '../../support/allocations.ts'
import { seededRandom } from '../../support/random.ts'
import { lockOf, replaceValue } from './support/locks.ts'

const random = seededRandom()

/** A lock with a secret of its own, asked anew for each opening. */
function lockWith(secret: Uint8Array) {
  return secretLock({ getSecret: () => secret })
}

test('a closed lock leaves neither its secret nor the key that it opened, nor a value that was written', async () => {
  const secret = random(40)
  const value = random(40)
  const inner = memoryStore()
  const lock = lockWith(secret)
  const store = lockedStore(inner, lock)
  await store.probe()
  lock.lock()
  const header = (await inner.read('reshare-lock/0'))!.value
  const { key } = unwrapKey(header, secret)!
  const wrappingKey = hkdf(sha256, secret, header.subarray(17, 49), utf8('reshare/v1/device-lock/key'), 32)
  const read: Uint8Array[] = []
  const allocations = await allocationsOf(async () => {
    const version = await store.write('share/a', value, null)
    read.push((await store.read('share/a'))!.value)
    await store.write('share/a', value, version)
    await store.probe()
    lock.lock()
    await new Promise((resolve) => setTimeout(resolve))
  })
  expect(allocations.holding(secret, [secret])).toEqual([])
  expect(allocations.holding(key, [key])).toEqual([])
  expect(allocations.holding(wrappingKey, [wrappingKey])).toEqual([])
  expect(allocations.holding(value, [value, ...read])).toEqual([])
})

test('a value that does not open, and a lock that does not, leave no key', async () => {
  const secret = random(40)
  const inner = memoryStore()
  const lock = lockWith(secret)
  const store = lockedStore(inner, lock)
  await store.write('share/a', random(40), null)
  await lockedStore(inner, lockOf(9)).write('share/b', random(40), null)
  await replaceValue(inner, 'share/a', (record) => void (record[record.length - 1]! ^= 1))
  lock.lock()
  const { key } = unwrapKey((await inner.read('reshare-lock/0'))!.value, secret)!
  const allocations = await allocationsOf(async () => {
    for (const name of ['share/a', 'share/b']) await store.read(name).catch(() => undefined)
    await store.write('share/a', random(40), null).catch(() => undefined)
    lock.lock()
    await new Promise((resolve) => setTimeout(resolve))
  })
  expect(allocations.holding(secret, [secret])).toEqual([])
  expect(allocations.holding(key, [key])).toEqual([])
})

test('sealing a store and changing its lock leave no key and no value', async () => {
  const [first, second, value] = [random(40), random(40), random(40)]
  const inner = memoryStore()
  await inner.write('share/a', value, null)
  const [from, to] = [lockWith(first), lockWith(second)]
  const allocations = await allocationsOf(async () => {
    await sealStore(inner, from)
    await changeLock(inner, { from, to })
    await changeLock(inner, { from, to })
    from.lock()
    to.lock()
    await new Promise((resolve) => setTimeout(resolve))
  })
  const { key } = unwrapKey((await inner.read('reshare-lock/0'))!.value, second)!
  for (const bytes of [first, second, value, key]) expect(allocations.holding(bytes, [bytes])).toEqual([])
})

test('a key-value store leaves neither its key nor what seals with it, nor a value that was written', async () => {
  const [secret, value] = [random(40), random(40)]
  const derived = hkdf(sha256, secret, undefined, utf8('reshare/v1/key-value/key/reshare'), 32)
  const items = new Map<string, string>()
  const adapter = {
    getItem: (item: string) => items.get(item),
    setItem: (item: string, text: string) => void items.set(item, text),
    removeItem: (item: string) => void items.delete(item),
    getAllKeys: () => [...items.keys()],
  }
  const read: Uint8Array[] = []
  const allocations = await allocationsOf(async () => {
    const store = keyValueStore(adapter, { key: () => secret })
    await store.write('share/a', value, null)
    read.push((await store.read('share/a'))!.value)
    await store.probe()
  })
  expect(allocations.made.length).toBeGreaterThan(10)
  for (const bytes of [secret, derived]) expect(allocations.holding(bytes, [bytes])).toEqual([])
  expect(allocations.holding(value, [value, ...read])).toEqual([])
})
