import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { HDKey } from '@scure/bip32'
import { describe, expect, test } from 'vitest'
import {
  backupWallet,
  generateWallet,
  getExtendedPublicKey,
  getPublicKey,
  provisionWallet,
  refreshShares,
  removeShare,
  retireSet,
  sign,
} from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { stage } from '../support/devices.ts'
import { losingAnswers, watchedStore, watchedTransport } from '../support/faults.ts'
import { plainMethod } from '../support/plain-method.ts'
import { signsEcdsa } from '../support/signs-ecdsa.ts'

const method = plainMethod()
const message = utf8('hello')
const digest = sha256(message)

describe('a new set', () => {
  test('signs at once: a generated, a recovered and a refreshed one', async () => {
    const { server, device } = stage()
    const phone = device('phone')
    const { id: walletId, publicKeys } = await generateWallet(phone)
    const { cipherText } = await backupWallet(phone, { walletId, method })
    const laptop = device('laptop')
    await provisionWallet(laptop, { cipherText, method })
    const made = [await signsEcdsa(phone, { walletId }), await signsEcdsa(laptop, { walletId })]
    await refreshShares(phone, { walletId })
    made.push(await signsEcdsa(phone, { walletId }))
    expect(new Set(made).size).toBe(3)
    expect(await getPublicKey(laptop, { walletId, curve: 'secp256k1' })).toEqual(publicKeys.secp256k1)
    expect(server.requests.filter(({ kind }) => kind === 'setup')).toEqual([])
  })

  test('and a rotated backup beside it', async () => {
    const { device } = stage()
    const phone = device('phone')
    const { id: walletId } = await generateWallet(phone)
    const { cipherText } = await backupWallet(phone, { walletId, method })
    const laptop = device('laptop')
    await provisionWallet(laptop, { cipherText, method, rotateBackup: true })
    await signsEcdsa(laptop, { walletId })
  })
})

describe('what is signed', () => {
  test('is a digest, or a message by a hash that is named', async () => {
    const { device } = stage()
    const phone = device()
    const { id: walletId } = await generateWallet(phone)
    const hashes = {
      sha256: sha256(message),
      sha256d: sha256(sha256(message)),
      keccak256: keccak_256(message),
    } as const
    for (const hash of ['sha256', 'sha256d', 'keccak256'] as const) {
      await signsEcdsa(phone, { walletId, message, hash, digest: undefined }, hashes[hash])
    }
    for (const edge of [new Uint8Array(32), new Uint8Array(32).fill(255)]) await signsEcdsa(phone, { walletId }, edge)
  })

  test('by keys below the wallet’s own, as BIP 32 derives them', async () => {
    const { device } = stage()
    const phone = device()
    const { id: walletId, publicKeys } = await generateWallet(phone)
    const { xpub, publicKey, chainCode } = await getExtendedPublicKey(phone, { walletId })
    expect(publicKey).toEqual(publicKeys.secp256k1)
    const root = HDKey.fromExtendedKey(xpub)
    expect(root.chainCode).toEqual(chainCode)
    for (const path of ['m/0/5', 'm/2147483647']) {
      await signsEcdsa(phone, { walletId, path })
      const child = root.derive(path)
      expect(await getPublicKey(phone, { walletId, curve: 'secp256k1', path })).toEqual(child.publicKey)
      expect((await getExtendedPublicKey(phone, { walletId, path })).xpub).toBe(child.publicExtendedKey)
    }
    const edwards = await getExtendedPublicKey(phone, { walletId, curve: 'ed25519' })
    expect([edwards.publicKey, edwards.chainCode.length]).toEqual([publicKeys.ed25519, 32])
    expect(edwards.xpub).toBe(toHex(edwards.publicKey) + toHex(edwards.chainCode))
    const child = await getExtendedPublicKey(phone, { walletId, curve: 'ed25519', path: 'm/1' })
    expect(child.publicKey).toEqual(await getPublicKey(phone, { walletId, curve: 'ed25519', path: 'm/1' }))
    expect(child.chainCode).not.toEqual(edwards.chainCode)
    const hardened = { walletId, curve: 'secp256k1', path: "m/1'" } as const
    await expect(getPublicKey(phone, hardened)).rejects.toThrow(RangeError)
  })

  test('by Taproot’s output key, of any path', async () => {
    const { device } = stage()
    const phone = device()
    const { id: walletId } = await generateWallet(phone)
    const keys = new Set<string>()
    for (const tapTweak of [undefined, new Uint8Array(0), new Uint8Array(32).fill(7)]) {
      for (const path of ['m', 'm/3', 'm/4']) {
        const tweaked = tapTweak === undefined ? {} : { tapTweak }
        const { signature, publicKey } = await sign(phone, { walletId, scheme: 'bip340', message, path, ...tweaked })
        expect(schnorr.verify(signature, message, publicKey)).toBe(true)
        const internal = (await getPublicKey(phone, { walletId, curve: 'secp256k1', path })).slice(1)
        expect(publicKey).toEqual(tapTweak === undefined ? internal : outputKey(internal, tapTweak))
        keys.add(publicKey.join())
      }
    }
    expect(keys.size).toBe(9)
  })
})

/** BIP 341 `taproot_tweak_pubkey`. */
function outputKey(internal: Uint8Array, root: Uint8Array): Uint8Array {
  const tweak = secp256k1.Point.Fn.fromBytes(schnorr.utils.taggedHash('TapTweak', internal, root))
  const lifted = schnorr.utils.lift_x(secp256k1.Point.Fp.fromBytes(internal))
  return lifted.add(secp256k1.Point.BASE.multiply(tweak)).toBytes().slice(1)
}

describe('the setup of a set', () => {
  test('is stored before the set is noted, and deleted with it', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const phone = device('phone', { storage })
    const { id: walletId, setId } = await generateWallet(phone)
    const { cipherText } = await backupWallet(phone, { walletId, method })
    expect(await storage.list('ot/')).toEqual([`ot/${setId}`])
    const refreshed = await refreshShares(phone, { walletId })
    expect(await storage.list('ot/')).toEqual([`ot/${refreshed.setId}`])
    const cut = watchedTransport(server, (point) => {
      if (point === 'before POST /v1/operations/:id/rounds/3') throw new Error('cut off')
    })
    const laptop = memoryStore()
    const recovery = provisionWallet(device('x', { storage: laptop, transport: cut }), { cipherText, method })
    await expect(recovery).rejects.toMatchObject({ cause: new Error('cut off') })
    await retireSet(phone, { walletId, setId: refreshed.setId })
    expect(await storage.list('ot/')).toEqual([])
    const { id: other } = await generateWallet(phone)
    await removeShare(phone, { walletId: other })
    expect(await storage.list('ot/')).toEqual([])
  })

  test('is made anew where this device was cut off before it had stored it', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const dying = watchedStore(storage, (point) => {
      if (point === 'before write ot') throw new Error('cut off')
    })
    await expect(generateWallet(device('phone', { storage: dying }))).rejects.toMatchObject({
      cause: new Error('cut off'),
    })
    const phone = device('phone', { storage })
    const [walletId] = (await storage.list('wallet/')).map((key) => key.slice(7))
    await signsEcdsa(phone, { walletId: walletId! })
    await signsEcdsa(phone, { walletId: walletId! })
    expect(server.requests.filter(({ kind }) => kind === 'setup')).toHaveLength(1)
  })

  test.each(['has lost its own', 'has an older one'])('is made anew once where the server %s', async (how) => {
    const { server, device } = stage()
    const phone = device()
    const { id: walletId, setId } = await generateWallet(phone)
    const { id: other, setId: otherSet } = await generateWallet(phone)
    expect(other).not.toBe(walletId)
    const set = server.sets.get(setId)!
    const { digest: before } = set.otState!
    if (how === 'has lost its own') set.otState = undefined
    else Object.assign(set.otState!, { digest: server.sets.get(otherSet)!.otState!.digest })
    await signsEcdsa(phone, { walletId })
    await signsEcdsa(phone, { walletId })
    expect(server.requests.filter(({ kind }) => kind === 'setup')).toHaveLength(1)
    expect(set.otState!.digest).not.toEqual(before)
  })

  test('whose last answer is lost is made once more', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const { id: walletId, setId } = await generateWallet(device('phone', { storage }))
    await storage.delete(`ot/${setId}`)
    const setsUp = () => server.requests.filter(({ kind }) => kind === 'setup').length
    const transport = losingAnswers(server, ({ path }) => path.endsWith('rounds/2') && setsUp() === 1)
    const phone = device('phone', { storage, transport })
    await expect(sign(phone, { walletId, scheme: 'ecdsa', digest })).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
    await signsEcdsa(phone, { walletId })
    expect(setsUp()).toBe(2)
  })

  test('is made by one tab, and used by the others', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const tabs = [1, 2, 3].map((tab) => device('tab', { storage, random: seededRandom(`tab ${tab}`) }))
    const { id: walletId, setId } = await generateWallet(tabs[0]!)
    await storage.delete(`ot/${setId}`)
    await Promise.all(tabs.map((tab) => signsEcdsa(tab, { walletId })))
    expect(server.requests.filter(({ kind }) => kind === 'setup')).toHaveLength(1)
  })

  test('that is damaged, or of another set, is not used', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const phone = device('phone', { storage })
    const { id: walletId, setId } = await generateWallet(phone)
    const { setId: other } = await generateWallet(phone)
    const row = (await storage.read(`ot/${setId}`))!.value
    const request = { walletId, scheme: 'ecdsa', digest } as const
    await sign(phone, { walletId, scheme: 'ed25519', message })
    server.log.length = 0
    const foreign = (await storage.read(`ot/${other}`))!.value
    for (const [bad, code] of [
      [Uint8Array.from(row, (byte, at) => (at === 5000 ? byte ^ 1 : byte)), 'SHARE_PARSING_FAILED'],
      [row.slice(1), 'SHARE_PARSING_FAILED'],
      [new Uint8Array(0), 'SHARE_PARSING_FAILED'],
      [foreign, 'SET_MISMATCH'],
    ] as const) {
      await storage.delete(`ot/${setId}`)
      await storage.write(`ot/${setId}`, bad, null)
      await expect(sign(phone, request)).rejects.toMatchObject({ code })
    }
    expect(server.log).toEqual([])
    await refreshShares(phone, { walletId })
    await signsEcdsa(phone, { walletId })
  })
})
