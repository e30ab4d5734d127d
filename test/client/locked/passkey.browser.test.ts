import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { server as browser } from 'vitest/browser'
import { backupWallet, generateWallet, getPublicKey, recoverWallet, sign } from '../../../src/index.ts'
import { indexedDbStore } from '../../../src/storage/index.ts'
import { createPasskey, lockedStore, passkeyLock } from '../../../src/storage/lock.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { authenticator, type Authenticator } from '../../support/virtual-authenticator.ts'
import { stage } from '../support/devices.ts'
import { plainMethod } from '../support/plain-method.ts'

const message = utf8('hello')

describe.runIf(browser.browser === 'chromium')('a wallet under a passkey', () => {
  let name = ''
  let user: Authenticator
  beforeEach(async () => {
    name = `reshare-test-${crypto.randomUUID()}`
    user = await authenticator()
  })
  afterEach(async () => {
    await user.remove()
    indexedDB.deleteDatabase(name)
  })

  test('signs in two tabs, shows its address without the passkey, and recovers when that is removed', async () => {
    const { device } = stage()
    const open = (identity: string) =>
      device('phone', { storage: lockedStore(indexedDbStore(name), passkeyLock({ identity })) })
    const identity = await createPasskey({ keyName: 'wallet' })
    const client = open(identity)
    const { id: walletId, publicKeys } = await generateWallet(client)
    const { cipherText } = await backupWallet(client, { walletId, method: plainMethod() })
    const tabs = [client, open(identity)]
    // One prompt at a time: the platform refuses a second.
    for (const tab of tabs) await sign(tab, { walletId, scheme: 'ed25519', message })
    await Promise.all(tabs.map((tab) => sign(tab, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })))

    await user.clear()
    const locked = open(identity)
    await expect(sign(locked, { walletId, scheme: 'ed25519', message })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
    })
    expect(await getPublicKey(locked, { walletId, curve: 'secp256k1' })).toEqual(publicKeys.secp256k1)

    const next = open(await createPasskey({ keyName: 'wallet, again' }))
    await expect(sign(next, { walletId, scheme: 'ed25519', message })).rejects.toMatchObject({
      code: 'SHARE_NOT_FOUND',
    })
    const recovered = await recoverWallet(next, { cipherText, method: plainMethod(), existingSets: 'retire' })
    expect(recovered.publicKeys).toEqual(publicKeys)
    await sign(next, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
  })

  test('ends the prompt with the action, and changes nothing', async () => {
    const { device, server } = stage()
    const identity = await createPasskey({ keyName: 'wallet' })
    const storage = lockedStore(indexedDbStore(name), passkeyLock({ identity }))
    await user.agrees(false)
    const client = device('phone', { storage })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    await expect(generateWallet(client, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(generateWallet(client, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect([await storage.list(''), server.sets.size]).toEqual([[], 0])
    await user.agrees(true)
    await generateWallet(client)
  })
})
