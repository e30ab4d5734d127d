import { afterEach, describe, expect, test } from 'vitest'
import {
  backupWallet,
  generateWallet,
  getWallet,
  listWallets,
  recoverWallet,
  resume,
  sign,
} from '../../../src/index.ts'
import { indexedDbStore } from '../../../src/storage/index.ts'
import { lockedStore } from '../../../src/storage/lock.ts'
import type { ShareStore } from '../../../src/storage/types.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { lockOf } from '../../storage/lock/support/locks.ts'
import { stage } from '../support/devices.ts'
import { plainMethod } from '../support/plain-method.ts'

// By a name that the bundler of the browser tests does not follow: there the real one is used.
const substitute = 'fake-indexeddb/auto'
if (typeof indexedDB === 'undefined') await import(/* @vite-ignore */ substitute)

const name = `reshare-test-${crypto.randomUUID()}`
afterEach(() => evict())

/** Deletes the database, as a browser that needs the space does. */
async function evict(): Promise<void> {
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = resolve
    request.onerror = reject
  })
}

const STORES: Record<string, () => ShareStore> = {
  'a store': () => indexedDbStore(name),
  'a locked store': () => lockedStore(indexedDbStore(name), lockOf(1)),
}

describe.each(Object.entries(STORES))('%s that the browser has evicted', (_, open) => {
  test.each([
    ['while it is used', false],
    ['before the next start', true],
  ])('%s says so with the advice to recover, which works', async (_, isReopened) => {
    const { device } = stage()
    const storage = open()
    const first = device('phone', { storage })
    const { id: walletId, publicKeys } = await generateWallet(first)
    const { cipherText } = await backupWallet(first, { walletId, method: plainMethod() })
    await evict()
    const client = isReopened ? device('phone', { storage: open() }) : first
    const message = utf8('hello')
    const error = { code: 'SHARE_NOT_FOUND', retryable: false, message: expect.stringContaining('recover') as string }
    await expect(sign(client, { walletId, scheme: 'ed25519', message })).rejects.toMatchObject(error)
    await expect(getWallet(client, { walletId })).rejects.toMatchObject(error)
    expect([await listWallets(client), await resume(client)]).toEqual([[], []])
    const recovered = await recoverWallet(client, { cipherText, method: plainMethod(), existingSets: 'retire' })
    expect(recovered.publicKeys).toEqual(publicKeys)
    await sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
  })
})
