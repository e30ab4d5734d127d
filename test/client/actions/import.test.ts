import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import { importWallet, type ImportWalletParameters } from '../../../src/import.ts'
import {
  backupWallet,
  getExtendedPublicKey,
  getPublicKey,
  recoverWallet,
  refreshShares,
  resume,
  sign,
} from '../../../src/index.ts'
import { fromHex, toHex, utf8 } from '../../../src/util/bytes.ts'
import { childOf, publicKeyOf } from '../../support/bip32-ed25519.ts'
import { seededRandom } from '../../support/random.ts'
import { stage } from '../support/devices.ts'
import { plainMethod } from '../support/plain-method.ts'

const random = seededRandom()
const message = utf8('signed with an imported key')
const SECP256K1_ORDER = fromHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')
const ED25519_ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

const seed = random(32)
const privateKey = secp256k1.utils.randomSecretKey(random(48))
/** Is a scalar, too. */
const asScalar = random(32)
asScalar[31]! &= 0x0f

describe('importWallet', () => {
  test('makes a wallet with the keys that were given, which signs with both', async () => {
    const { device } = stage()
    const phone = device('phone')
    const given = [privateKey.slice(), seed.slice()] as const
    const wallet = await importWallet(phone, { secp256k1: { privateKey: given[0] }, ed25519: { seed: given[1] } })
    expect(given).toEqual([privateKey, seed])
    expect(wallet.publicKeys.secp256k1).toEqual(secp256k1.getPublicKey(privateKey))
    expect(wallet.publicKeys.ed25519).toEqual(ed25519.getPublicKey(seed))
    const edwards = await sign(phone, { walletId: wallet.id, scheme: 'ed25519', message })
    expect(ed25519.verify(edwards.signature, message, wallet.publicKeys.ed25519, { zip215: false })).toBe(true)
    const ecdsa = await sign(phone, { walletId: wallet.id, scheme: 'ecdsa', message, hash: 'sha256' })
    expect(secp256k1.verify(ecdsa.signature, message, wallet.publicKeys.secp256k1)).toBe(true)
  })

  test('generates the key of the other curve', async () => {
    const { device } = stage()
    const phone = device('phone')
    const [first, second] = [
      await importWallet(phone, { secp256k1: { privateKey } }),
      await importWallet(phone, { secp256k1: { privateKey } }),
    ]
    expect(first.publicKeys.secp256k1).toEqual(second.publicKeys.secp256k1)
    expect(first.publicKeys.ed25519).not.toEqual(second.publicKeys.ed25519)
    expect([first.id === second.id, first.setId === second.setId]).toEqual([false, false])
    const solana = await importWallet(phone, { ed25519: { seed } })
    expect(solana.publicKeys.ed25519).toEqual(ed25519.getPublicKey(seed))
  })

  test('takes the scalar of an ed25519 key, and the chain codes of both', async () => {
    const { device } = stage()
    const phone = device('phone')
    const chainCode = random(32)
    const scalar = ed25519.Point.Fn.toBytes(12345n)
    const keys = { secp256k1: { privateKey, chainCode }, ed25519: { scalar, chainCode } }
    const { id: walletId, publicKeys } = await importWallet(phone, keys)
    expect(publicKeys.ed25519).toEqual(ed25519.Point.BASE.multiply(12345n).toBytes())
    expect((await getExtendedPublicKey(phone, { walletId })).chainCode).toEqual(chainCode)
    const child = childOf({ kL: scalar, kR: new Uint8Array(32), chainCode }, 7)
    expect(await getPublicKey(phone, { walletId, curve: 'ed25519', path: 'm/7' })).toEqual(publicKeyOf(child))
  })

  test('makes a wallet like any other: it is backed up, recovered and refreshed', async () => {
    const { device } = stage()
    const phone = device('phone')
    const method = plainMethod()
    const wallet = await importWallet(phone, { ed25519: { seed } })
    const { confirm, cipherText } = await backupWallet(phone, { walletId: wallet.id, method })
    await confirm()
    const laptop = device('laptop')
    const again = await recoverWallet(laptop, { cipherText, method, existingSets: 'keep' })
    expect(again.publicKeys).toEqual(wallet.publicKeys)
    await refreshShares(phone, { walletId: wallet.id })
    for (const client of [phone, laptop]) {
      const { signature } = await sign(client, { walletId: wallet.id, scheme: 'ed25519', message })
      expect(ed25519.verify(signature, message, wallet.publicKeys.ed25519)).toBe(true)
    }
    expect(await resume(phone)).toMatchObject([{ outcome: 'READY' }])
  })

  test('sends neither a key nor a share, and stores no key', async () => {
    const { device, server } = stage()
    const sent: string[] = []
    const request: typeof server.request = async (one) => {
      sent.push(toHex(one.body ?? new Uint8Array()))
      return server.request(one)
    }
    const phone = device('phone', { transport: { request } })
    const scalar = ed25519.Point.Fn.toBytes(ed25519.Point.Fn.fromBytes(asScalar, true))
    const { id } = await importWallet(phone, { secp256k1: { privateKey }, ed25519: { scalar } })
    expect(server.requests.at(-1)).toMatchObject({ kind: 'import', walletId: id })
    expect(server.log.filter((line) => line.includes('/rounds/'))).toHaveLength(2)
    const keys = await phone.storage.list('')
    const stored = (await Promise.all(keys.map((key) => phone.storage.read(key)))).map((entry) => toHex(entry!.value))
    // The public parts are there, so a key would be found.
    expect(stored.join('\n')).toContain(toHex(secp256k1.getPublicKey(privateKey)))
    expect(sent.join('\n')).toContain(toHex(utf8(toHex(secp256k1.getPublicKey(privateKey)))))
    for (const key of [privateKey, scalar]) {
      for (const form of [toHex(key), toHex(utf8(toHex(key)))]) {
        expect(sent.join('\n')).not.toContain(form)
        expect(stored.join('\n')).not.toContain(form)
      }
    }
    const shares = stored.filter((_, i) => keys[i]!.includes('share'))
    expect(shares).not.toEqual([])
  })

  test.each<[string, unknown, typeof TypeError | typeof RangeError]>([
    ['no parameters', undefined, TypeError],
    ['no key', {}, TypeError],
    ['a key that is none', { secp256k1: privateKey }, TypeError],
    ['hex', { secp256k1: { privateKey: toHex(privateKey) } }, TypeError],
    ['a short key', { secp256k1: { privateKey: privateKey.slice(1) } }, RangeError],
    ['zero', { secp256k1: { privateKey: new Uint8Array(32) } }, RangeError],
    ['the order', { secp256k1: { privateKey: SECP256K1_ORDER } }, RangeError],
    ['the largest number', { secp256k1: { privateKey: new Uint8Array(32).fill(255) } }, RangeError],
    ['seed and scalar', { ed25519: { seed, scalar: seed } }, TypeError],
    ['neither', { ed25519: {} }, TypeError],
    ['a seed of 64 bytes', { ed25519: { seed: new Uint8Array(64) } }, RangeError],
    ['a scalar that is zero', { ed25519: { scalar: new Uint8Array(32) } }, RangeError],
    ['a scalar that is the order', { ed25519: { scalar: ED25519_ORDER } }, RangeError],
    ['a clamped scalar', { ed25519: { scalar: new Uint8Array(32).fill(0x40) } }, RangeError],
    ['a short chain code', { ed25519: { seed, chainCode: new Uint8Array(31) } }, RangeError],
    ['null', { secp256k1: null, ed25519: { seed } }, TypeError],
    ['another public key', { ed25519: { seed, publicKey: ed25519.getPublicKey(privateKey) } }, RangeError],
    ['the seed as a scalar', { ed25519: { scalar: asScalar, publicKey: ed25519.getPublicKey(asScalar) } }, RangeError],
    ['a short public key', { ed25519: { seed, publicKey: seed.slice(1) } }, RangeError],
    ['a bad second key', { secp256k1: { privateKey }, ed25519: { scalar: ED25519_ORDER } }, RangeError],
    ['a callback that is none', { ed25519: { seed }, onProgress: 1 }, TypeError],
    ['a timeout that is none', { ed25519: { seed }, timeoutMs: 0 }, RangeError],
  ])('%s is refused before anything happens', async (_, options, kind) => {
    const { device, server } = stage()
    const importing = importWallet(device('phone'), options as ImportWalletParameters)
    const error: unknown = await importing.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).not.toContain(toHex(privateKey).slice(0, 8))
    expect(server.log).toEqual([])
  })
})
