import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { server } from 'vitest/browser'
import { passkey, openBackup, sealBackup } from '../../../src/backup/index.ts'
import { indexedDbStore } from '../../../src/storage/index.ts'
import { changeLock, createPasskey, lockedStore, passkeyLock } from '../../../src/storage/lock.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { record } from '../../backup/fixtures.ts'
import { code } from '../../support/code.ts'
import { seededRandom } from '../../support/random.ts'
import { authenticator, type Authenticator } from '../../support/virtual-authenticator.ts'

const VALUE = utf8('a share')
const REFUSED = { code: 'STORAGE_UNAVAILABLE', retryable: true }

describe.runIf(server.browser === 'chromium')('a passkey lock', () => {
  let name = ''
  let device: Authenticator
  beforeEach(async () => {
    name = `reshare-test-${crypto.randomUUID()}`
    device = await authenticator()
  })
  afterEach(async () => {
    await device.remove()
    indexedDB.deleteDatabase(name)
  })

  const open = (options: Parameters<typeof passkeyLock>[0]) => {
    const lock = passkeyLock(options)
    return { lock, store: lockedStore(indexedDbStore(name), lock) }
  }

  test('opens what it has sealed, in another tab too, and by choice', async () => {
    const identity = await createPasskey({ keyName: 'wallet' })
    const { lock, store } = open({ identity })
    await lock.probe()
    await store.write('share/a', VALUE, null)
    for (const options of [{ identity }, {}]) {
      const { lock: other, store: tab } = open(options)
      expect(tab.isLocked?.()).toBe(true)
      expect((await tab.read('share/a'))?.value).toEqual(VALUE)
      expect(other.isOpen()).toBe(true)
    }
  })

  test('serves a backup, too, which does not open the lock', async () => {
    const identity = await createPasskey({ keyName: 'wallet' })
    const { store } = open({ identity })
    await store.write('share/a', VALUE, null)
    const original = record(seededRandom())
    const cipherText = await sealBackup({ record: original, methods: [passkey({ identity })] })
    expect(await openBackup({ cipherText, methods: [passkey({ identity })] })).toEqual(original)
    expect((await open({ identity }).store.read('share/a'))?.value).toEqual(VALUE)
  })

  test('opens for a user who is verified, and stays closed for one who is not', async () => {
    const identity = await createPasskey({ keyName: 'wallet' })
    await open({ identity }).store.write('share/a', VALUE, null)
    await device.verifies(false)
    const { lock, store } = open({ identity })
    await expect(store.read('share/a')).rejects.toMatchObject(REFUSED)
    await expect(store.write('share/b', VALUE, null)).rejects.toMatchObject(REFUSED)
    await expect(lock.probe()).rejects.toMatchObject(REFUSED)
    expect(await store.list('share/')).toEqual(['share/a'])
  })

  test('is not made by a device that cannot verify, or has no PRF', async () => {
    for (const options of [{ hasUserVerification: false, isUserVerified: false }, { hasPrf: false }]) {
      await device.remove()
      device = await authenticator(options)
      await expect(createPasskey({ keyName: 'wallet' })).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    }
  })

  test('that was removed opens nothing, and another one begins anew beside it', async () => {
    const identity = await createPasskey({ keyName: 'wallet' })
    await open({ identity }).store.write('device-key', VALUE, null)
    await device.clear()
    await expect(open({ identity }).store.read('device-key')).rejects.toMatchObject(REFUSED)
    const next = await createPasskey({ keyName: 'wallet, again' })
    const { store } = open({ identity: next })
    await expect(store.read('device-key')).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND', retryable: false })
    await store.write('device-key', utf8('new'), null)
    expect((await store.read('device-key'))?.value).toEqual(utf8('new'))
  })

  test('is changed for another one', async () => {
    const [from, to] = [await createPasskey({ keyName: 'old' }), await createPasskey({ keyName: 'new' })]
    await open({ identity: from }).store.write('share/a', VALUE, null)
    await changeLock(indexedDbStore(name), { from: passkeyLock({ identity: from }), to: passkeyLock({ identity: to }) })
    expect((await open({ identity: to }).store.read('share/a'))?.value).toEqual(VALUE)
    await expect(open({ identity: from }).store.read('share/a')).rejects.toThrow(code('SHARE_NOT_FOUND'))
  })

  test('ends its prompt with the signal, and can ask again', async () => {
    const identity = await createPasskey({ keyName: 'wallet' })
    await open({ identity }).store.write('share/a', VALUE, null)
    await device.agrees(false)
    const { store } = open({ identity })
    const controller = new AbortController()
    const work = store.read('share/a', { signal: controller.signal })
    setTimeout(() => controller.abort(), 100)
    await expect(work).rejects.toThrow(code('ABORTED'))
    await device.agrees(true)
    expect((await store.read('share/a'))?.value).toEqual(VALUE)
  })

  test('is asked once by tabs of calls, and closes when the page is left or the time is over', async () => {
    const identity = await createPasskey({ keyName: 'wallet' })
    const { lock, store } = open({ identity, openForMs: 1000 })
    await store.write('share/a', VALUE, null)
    const values = await Promise.all(Array.from({ length: 8 }, () => store.read('share/a')))
    expect(values.every((value) => value?.value.length === VALUE.length)).toBe(true)
    window.dispatchEvent(new PageTransitionEvent('pagehide'))
    expect(lock.isOpen()).toBe(false)
    await store.read('share/a')
    expect(lock.isOpen()).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect(lock.isOpen()).toBe(false)
  })
})
