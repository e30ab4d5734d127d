import { describe, expect, test } from 'vitest'
import {
  generateWallet,
  getPublicKey,
  listWallets,
  recoverWallet,
  refreshShares,
  removeShare,
  resume,
  sign,
} from '../../../src/index.ts'
import { backupWallet, type Client } from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import {
  changeLock,
  lockedStore,
  passkeyLock,
  sealStore,
  secretLock,
  type DeviceLock,
} from '../../../src/storage/lock.ts'
import type { ShareStore } from '../../../src/storage/types.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { contents, lockOf, replaceValue, secretOf } from '../../storage/lock/support/locks.ts'
import { backedUp } from '../support/backed-up.ts'
import { stage } from '../support/devices.ts'
import { plainMethod } from '../support/plain-method.ts'

const message = utf8('hello')

/** A wallet under the first lock, and its backup. */
async function wallets() {
  const { server, device } = stage()
  const inner = memoryStore()
  const client = device('phone', { storage: lockedStore(inner, lockOf(1)) })
  const wallet = await generateWallet(client)
  const { cipherText } = await backupWallet(client, { walletId: wallet.id, method: plainMethod() })
  return { server, device, inner, wallet, walletId: wallet.id, cipherText }
}

const signs = async (client: Client, walletId: string) => {
  for (const scheme of ['ed25519', 'bip340'] as const) await sign(client, { walletId, scheme, message })
  await sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
}

const LOST: Record<string, (inner: ShareStore) => Promise<DeviceLock>> = {
  'another secret': async () => lockOf(2),
  'another passkey': async () => passkeyLock({ evaluatePrf: () => ({ first: secretOf(3) }) }),
  'a damaged header': async (inner) => {
    await replaceValue(inner, 'reshare-lock/0', (header) => void (header[40]! ^= 1))
    return lockOf(1)
  },
  'a header that is gone': async (inner) => {
    await inner.delete('reshare-lock/0')
    return lockOf(1)
  },
}

describe.each(Object.entries(LOST))('a lock that is lost: %s', (_, lose) => {
  test('is SHARE_NOT_FOUND with the advice to recover, changes nothing, and leaves the address readable', async () => {
    const { device, inner, wallet, walletId } = await wallets()
    const client = device('phone', { storage: lockedStore(inner, await lose(inner)) })
    const before = await contents(inner)
    for (const work of [
      sign(client, { walletId, scheme: 'ed25519', message }),
      backupWallet(client, { walletId, method: plainMethod() }),
      getPublicKey(client, { walletId, curve: 'ed25519', path: 'm/0' }),
    ]) {
      const error = { code: 'SHARE_NOT_FOUND', retryable: false, message: expect.stringContaining('recover') as string }
      await expect(work).rejects.toMatchObject(error)
    }
    expect(await contents(inner)).toEqual(before)
    expect(await getPublicKey(client, { walletId, curve: 'secp256k1' })).toEqual(wallet.publicKeys.secp256k1)
  })

  test.each(['keep', 'retire'] as const)('recovers on the same store (%s), and signs', async (existingSets) => {
    const { device, inner, wallet, walletId, cipherText } = await wallets()
    const lock = await lose(inner)
    const client = device('phone', { storage: lockedStore(inner, lock) })
    const recovered = await recoverWallet(client, { cipherText, method: plainMethod(), existingSets })
    expect(recovered.publicKeys).toEqual(wallet.publicKeys)
    await signs(client, walletId)
    await refreshShares(client, { walletId })
    await signs(client, walletId)
    expect((await resume(client)).map(({ outcome }) => outcome)).toEqual(['READY'])
    // Nothing is left of what was retired.
    const shares = await inner.list('share/')
    expect(shares.length).toBe(existingSets === 'retire' ? 1 : 2)
    const again = device('phone', { storage: lockedStore(inner, lock) })
    expect(await listWallets(again)).toEqual([expect.objectContaining({ id: walletId })])
    await signs(again, walletId)
    await removeShare(again, { walletId })
    expect(await inner.list('share/')).toEqual([])
  })

  test('lets other wallets be made on the store', async () => {
    const { device, inner } = await wallets()
    const client = device('phone', { storage: lockedStore(inner, await lose(inner)) })
    const { id } = await generateWallet(client)
    await signs(client, id)
  })
})

describe('a secret that is gone', () => {
  test('is SHARE_NOT_FOUND, until the app makes another one', async () => {
    const { device, inner, walletId, cipherText } = await wallets()
    const storage = lockedStore(inner, secretLock({ getSecret: () => undefined }))
    const client = device('phone', { storage })
    const work = sign(client, { walletId, scheme: 'ed25519', message })
    await expect(work).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND', retryable: false })
    const next = device('phone', { storage: lockedStore(inner, lockOf(2)) })
    await recoverWallet(next, { cipherText, method: plainMethod(), existingSets: 'retire' })
    await signs(next, walletId)
  })
})

describe('the lock that comes back', () => {
  test('opens what it has sealed, beside what was made in the meantime', async () => {
    const { device, inner, wallet, walletId } = await wallets()
    const meantime = device('phone', { storage: lockedStore(inner, lockOf(2)) })
    const other = await generateWallet(meantime)
    const client = device('phone', { storage: lockedStore(inner, lockOf(1)) })
    await signs(client, walletId)
    await expect(sign(client, { walletId: other.id, scheme: 'ed25519', message })).rejects.toMatchObject({
      code: 'SHARE_NOT_FOUND',
    })
    expect((await listWallets(client)).map(({ id }) => id)).toEqual([wallet.id])
  })
})

describe('moving', () => {
  test('a wallet of a store without a lock signs under one, and under the next', async () => {
    const { device, storage: inner, walletId } = await backedUp()
    await sealStore(inner, lockOf(1))
    await signs(device('phone', { storage: lockedStore(inner, lockOf(1)) }), walletId)
    await changeLock(inner, { from: lockOf(1), to: lockOf(2) })
    await signs(device('phone', { storage: lockedStore(inner, lockOf(2)) }), walletId)
  })
})
