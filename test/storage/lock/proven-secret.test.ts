import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../../src/storage/index.ts'
import { changeLock, lockedStore, sealStore } from '../../../src/storage/lock.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { askedLock, contents, lockOf, secretOf } from './support/locks.ts'

const VALUE = utf8('a share that must not be seen')
const UNAVAILABLE = { code: 'STORAGE_UNAVAILABLE', retryable: true }

/** A lock that gives these secrets, one after the other, and refuses after the last. */
function giving(...bytes: number[]) {
  return askedLock(async () => {
    const next = bytes.shift()
    if (next === undefined) throw new Error('cancelled')
    return secretOf(next)
  })
}

/** A store of one value that is not sealed. */
async function plain() {
  const inner = memoryStore()
  await inner.write('share/a', VALUE, null)
  return inner
}

/** A store of one value that the first lock has sealed. */
async function sealed() {
  const inner = await plain()
  await sealStore(inner, lockOf(1))
  return inner
}

describe('a lock that does not give its secret again', () => {
  test.each([[[2, 3]], [[2]]])('(%j) seals no store, and can be tried again', async (secrets) => {
    const inner = await plain()
    const before = await contents(inner)
    await expect(sealStore(inner, giving(...secrets).lock)).rejects.toMatchObject(UNAVAILABLE)
    expect(await contents(inner)).toEqual(before)
    expect(await sealStore(inner, giving(2, 2).lock)).toBe(1)
    expect((await lockedStore(inner, lockOf(2)).read('share/a'))?.value).toEqual(VALUE)
  })

  test.each([[[2, 3]], [[2]]])('(%j) takes no store over from another', async (secrets) => {
    const inner = await sealed()
    const before = await contents(inner)
    const work = changeLock(inner, { from: lockOf(1), to: giving(...secrets).lock })
    await expect(work).rejects.toMatchObject(UNAVAILABLE)
    expect(await contents(inner)).toEqual(before)
    const asked = giving(2, 2)
    await changeLock(inner, { from: lockOf(1), to: asked.lock })
    expect(asked.prompts).toBe(2)
    expect((await lockedStore(inner, lockOf(2)).read('share/a'))?.value).toEqual(VALUE)
  })

  test('is not asked again by a change that was made already', async () => {
    const inner = await sealed()
    await changeLock(inner, { from: lockOf(1), to: lockOf(2) })
    const asked = askedLock(secretOf(2))
    await changeLock(inner, { from: lockOf(1), to: asked.lock })
    expect(asked.prompts).toBe(1)
  })

  test('gets no key of its own beside that of the lock before, and asks anew', async () => {
    const inner = await sealed()
    const before = await contents(inner)
    const asked = giving(2, 1, 1)
    const store = lockedStore(inner, asked.lock)
    await expect(store.write('share/b', VALUE, null)).rejects.toMatchObject(UNAVAILABLE)
    expect([await contents(inner), asked.lock.isOpen()]).toEqual([before, false])
    await store.write('share/b', VALUE, null)
    expect(await inner.list('reshare-lock/')).toEqual(['reshare-lock/0'])
    expect((await lockedStore(inner, lockOf(1)).read('share/b'))?.value).toEqual(VALUE)
  })
})

test('another lock than before is asked twice, before it gets a key of its own', async () => {
  const inner = await sealed()
  const asked = askedLock(secretOf(2))
  const store = lockedStore(inner, asked.lock)
  await store.write('share/b', VALUE, null)
  await store.write('share/c', VALUE, null)
  expect(asked.prompts).toBe(2)
  expect(await inner.list('reshare-lock/')).toEqual(['reshare-lock/0', 'reshare-lock/1'])
  expect((await lockedStore(inner, lockOf(2)).read('share/b'))?.value).toEqual(VALUE)
})
