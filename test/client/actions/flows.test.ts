import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import {
  backupWallet,
  generateWallet,
  getWallet,
  listSets,
  listWallets,
  provisionWallet,
  recoverWallet,
  refreshShares,
  removeShare,
  retireSet,
  sign,
  type Client,
  type ErrorCode,
  type PublicKeys,
} from '../../../src/index.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { code } from '../../support/code.ts'
import { backedUp } from '../support/backed-up.ts'
import { stage } from '../support/devices.ts'
import { plainMethod } from '../support/plain-method.ts'

const method = plainMethod()

/** Signs by both schemes; the signatures must verify elsewhere under the wallet's keys. */
async function expectSigns(client: Client, walletId: string, keys: PublicKeys, text = 'hello'): Promise<string> {
  const message = utf8(text)
  const edwards = await sign(client, { walletId, scheme: 'ed25519', message })
  expect(edwards.publicKey).toEqual(keys.ed25519)
  expect(ed25519.verify(edwards.signature, message, keys.ed25519)).toBe(true)
  const taproot = await sign(client, { walletId, scheme: 'bip340', message })
  expect(taproot.publicKey).toEqual(keys.secp256k1.slice(1))
  expect(schnorr.verify(taproot.signature, message, taproot.publicKey)).toBe(true)
  expect(taproot.setId).toBe(edwards.setId)
  return edwards.setId
}

/** A wallet with a backup that is confirmed. */
async function confirmed() {
  const made = await backedUp()
  await made.backup.confirm()
  return made
}

describe('a second device', () => {
  test('recovers the wallet, and both sign, also at the same time', async () => {
    const { device, phone, wallet, walletId, cipherText } = await confirmed()
    const laptop = device('laptop')
    const same = await recoverWallet(laptop, { cipherText, method, walletId, existingSets: 'keep' })
    expect(same.id).toBe(walletId)
    expect(same.publicKeys).toEqual(wallet.publicKeys)
    expect(same.setId).not.toBe(wallet.setId)
    const used = await Promise.all([
      expectSigns(phone, walletId, wallet.publicKeys),
      expectSigns(laptop, walletId, wallet.publicKeys),
      expectSigns(phone, walletId, wallet.publicKeys, 'a'),
      expectSigns(laptop, walletId, wallet.publicKeys, 'b'),
    ])
    expect(used).toEqual([wallet.setId, same.setId, wallet.setId, same.setId])
  })

  test('is provisioned: recovered with the existing sets kept', async () => {
    const { device, phone, wallet, walletId, cipherText } = await confirmed()
    const laptop = device()
    await provisionWallet(laptop, { cipherText, method })
    await expectSigns(laptop, walletId, wallet.publicKeys)
    await expectSigns(phone, walletId, wallet.publicKeys)
  })

  test('takes over from a lost one: the older sets are refused', async () => {
    const { device, phone, wallet, walletId, cipherText } = await confirmed()
    const laptop = device('laptop')
    await provisionWallet(laptop, { cipherText, method })
    const tablet = device('tablet')
    await recoverWallet(tablet, { cipherText, method, existingSets: 'retire' })
    await expectSigns(tablet, walletId, wallet.publicKeys)
    for (const lost of [phone, laptop]) {
      const attempt = sign(lost, { walletId, scheme: 'ed25519', message: utf8('no') })
      await expect(attempt).rejects.toEqual(code('SET_RETIRED'))
    }
    const sets = await listSets(tablet, { walletId })
    expect(sets.map(({ label, purpose, state, thisDevice }) => [label, purpose, state, thisDevice])).toEqual([
      ['phone', 'signing', 'DESTROYED', false],
      ['', 'backup', 'ACTIVE', false],
      ['laptop', 'signing', 'DESTROYED', false],
      ['tablet', 'signing', 'ACTIVE', true],
    ])
  })
})

describe('recovery', () => {
  test('works again on a device that has lost its share, and replaces the old one there', async () => {
    const { phone, wallet, walletId, cipherText } = await confirmed()
    const keys = async () => phone.storage.list('share/')
    await phone.storage.delete((await keys())[0]!)
    await expect(sign(phone, { walletId, scheme: 'ed25519', message: utf8('x') })).rejects.toEqual(
      code('SHARE_NOT_FOUND'),
    )
    const again = await recoverWallet(phone, { cipherText, method, existingSets: 'retire' })
    expect(await keys()).toEqual([`share/${again.setId}`])
    await expectSigns(phone, walletId, wallet.publicKeys)
  })

  test('replaces a wallet record that is damaged', async () => {
    const { phone, wallet, walletId, cipherText } = await confirmed()
    const { version } = (await phone.storage.read(`wallet/${walletId}`))!
    await phone.storage.write(`wallet/${walletId}`, utf8('junk'), version)
    await expect(getWallet(phone, { walletId })).rejects.toEqual(code('SHARE_PARSING_FAILED'))
    await recoverWallet(phone, { cipherText, method, existingSets: 'keep' })
    await expectSigns(phone, walletId, wallet.publicKeys)
  })

  test('rotates the backup; both cipherTexts recover, by the method that sealed them', async () => {
    const { device, wallet, walletId, cipherText } = await confirmed()
    const newMethod = plainMethod('another')
    const laptop = device()
    const rotate = { cipherText, method, existingSets: 'keep', rotateBackup: newMethod } as const
    const { backup } = await recoverWallet(laptop, rotate)
    expect(backup!.cipherText).not.toBe(cipherText)
    await provisionWallet(device(), { cipherText, method })
    await backup!.confirm()
    const tablet = device()
    await provisionWallet(tablet, { cipherText: backup!.cipherText, method: newMethod })
    await expectSigns(tablet, walletId, wallet.publicKeys)
  })

  test('as a dry run says that it would work and changes nothing', async () => {
    const { server, device, wallet, walletId, cipherText } = await confirmed()
    const laptop = device()
    const before = [...server.sets.keys()]
    const dry = { cipherText, method, existingSets: 'retire', rotateBackup: true, dryRun: true } as const
    expect(await recoverWallet(laptop, dry)).toEqual({ id: walletId, publicKeys: wallet.publicKeys })
    expect([...server.sets.keys()]).toEqual(before)
    expect(await laptop.storage.list('')).toEqual([])
  })

  test('opens the cipherText before anything else', async () => {
    const { server, device, cipherText, walletId } = await confirmed()
    const laptop = device()
    server.log.length = 0
    const attempts: [ErrorCode, Promise<unknown>][] = [
      ['WRONG_PASSWORD', recoverWallet(laptop, { cipherText, method: plainMethod('wrong'), existingSets: 'keep' })],
      [
        'BACKUP_OTHER_WALLET',
        recoverWallet(laptop, { cipherText, method, walletId: walletId.replace(/./g, '0'), existingSets: 'keep' }),
      ],
    ]
    for (const [expected, attempt] of attempts) await expect(attempt).rejects.toEqual(code(expected))
    expect(server.log).toEqual([])
    expect(await laptop.storage.list('')).toEqual([])
  })

  test('refuses a backup that holds a signing share', async () => {
    const { phone, device, wallet, cipherText } = await confirmed()
    const signing = (await phone.storage.read(`share/${wallet.setId}`))!.value
    // Without the digest that the store's row ends with.
    const forged = cipherText.replace(/:.*/, `:${toHex(signing.slice(0, -32))}`)
    const attempt = recoverWallet(device(), { cipherText: forged, method, existingSets: 'keep' })
    await expect(attempt).rejects.toEqual(code('BACKUP_CORRUPT'))
  })
})

describe('backup', () => {
  test('asks the method first whether it can keep its key', async () => {
    const { server, phone, walletId } = await confirmed()
    server.log.length = 0
    const failing = plainMethod('x', { probe: () => Promise.reject(new TypeError('no place')) })
    await expect(backupWallet(phone, { walletId, method: failing })).rejects.toThrow('no place')
    expect(server.log).toEqual([])
  })

  test('is refused if it does not open to what was sealed', async () => {
    const { server, phone, walletId, cipherText } = await confirmed()
    const sets = server.sets.size
    const forgetful = plainMethod('secret', { seal: async () => cipherText })
    await expect(backupWallet(phone, { walletId, method: forgetful })).rejects.toEqual(code('BACKUP_CORRUPT'))
    expect(server.sets.size).toBe(sets)
    expect(server.log.at(-1)).toMatch(/\/abort$/)
  })
})

describe('the set of a device', () => {
  test('is refreshed: a new set signs for the same keys, the old one is gone everywhere', async () => {
    const { server, phone, wallet, walletId } = await confirmed()
    const refreshed = await refreshShares(phone, { walletId })
    expect(refreshed.publicKeys).toEqual(wallet.publicKeys)
    expect(await expectSigns(phone, walletId, wallet.publicKeys)).toBe(refreshed.setId)
    expect(server.sets.get(wallet.setId)!.state).toBe('DESTROYED')
    expect(await phone.storage.list('share/')).toEqual([`share/${refreshed.setId}`])
  })

  test('is ended from another device, or from its own', async () => {
    const { device, phone, wallet, walletId, cipherText } = await confirmed()
    const laptop = device()
    const { setId } = await provisionWallet(laptop, { cipherText, method })
    expect(await retireSet(laptop, { walletId, setId: wallet.setId })).toMatchObject({ state: 'DESTROYED' })
    const attempt = sign(phone, { walletId, scheme: 'bip340', message: utf8('x') })
    await expect(attempt).rejects.toEqual(code('SET_RETIRED'))
    await retireSet(laptop, { walletId, setId })
    await expect(getWallet(laptop, { walletId })).rejects.toEqual(code('SHARE_NOT_FOUND'))
    expect(await laptop.storage.list('share/')).toEqual([])
  })

  test('is read and removed without the server', async () => {
    const { server, phone, wallet, walletId } = await confirmed()
    server.log.length = 0
    expect(await getWallet(phone, { walletId })).toEqual(wallet)
    expect(await listWallets(phone)).toEqual([wallet])
    await removeShare(phone, { walletId })
    await removeShare(phone, { walletId })
    expect(await listWallets(phone)).toEqual([])
    await expect(getWallet(phone, { walletId })).rejects.toEqual(code('SHARE_NOT_FOUND'))
    expect(await phone.storage.list('share/')).toEqual([])
    expect(server.log).toEqual([])
  })

  test('is never named in common: two wallets on one device stay apart', async () => {
    const { phone, wallet, walletId } = await confirmed()
    const other = await generateWallet(phone)
    await expectSigns(phone, walletId, wallet.publicKeys)
    await expectSigns(phone, other.id, other.publicKeys)
    expect((await listWallets(phone)).map(({ id }) => id)).toEqual([walletId, other.id].sort())
  })
})

test('what a wallet gives out is a copy', async () => {
  const { phone, wallet, walletId } = await confirmed()
  wallet.publicKeys.ed25519.fill(0)
  expect((await getWallet(phone, { walletId })).publicKeys.ed25519).not.toEqual(wallet.publicKeys.ed25519)
})

test.each<[string, () => void]>([
  [
    'throws',
    () => {
      throw new Error('broken bar')
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken bar')) as never],
  ['never ends', () => new Promise(() => {}) as never],
])('a callback that %s cannot change what becomes of a wallet, and is told', async (how, onProgress) => {
  const told: unknown[] = []
  const onError = (error: unknown) => {
    told.push(error)
    throw new Error('nor can what is told of it')
  }
  const wallet = await generateWallet(stage().device('phone', { onError }), { onProgress })
  expect(wallet.id).toMatch(/^[0-9a-f]{32}$/)
  expect(told.every((error) => (error as Error).message === 'broken bar')).toBe(true)
  expect(told.length > 3).toBe(how !== 'never ends')
})
