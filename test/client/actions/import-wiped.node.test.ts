import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { importWallet, type ImportWalletParameters } from '../../../src/import.ts'
import { loadShares } from '../../../src/client/wallets/share-store.ts'
import { readWallet } from '../../../src/client/wallets/wallet-store.ts'
import { generateWallet } from '../../../src/index.ts'
import { allocationsOf } from '../../support/allocations.ts'
import { seededRandom } from '../../support/random.ts'
import { stage } from '../support/devices.ts'

// No byte array that an import makes holds the key afterwards, whether it is made or not. What the caller gave is his to wipe.

const random = seededRandom()

/** A key on each curve, and all that leads to one. */
function newKeys() {
  const privateKey = random(32)
  privateKey[0]! &= 0x7f
  const seed = random(32)
  const scalar = new Uint8Array(32)
  let number = ed25519.utils.getExtendedPublicKey(seed).scalar
  for (let i = 0; i < 32; i++, number >>= 8n) scalar[i] = Number(number & 0xffn)
  return { privateKey, seed, secrets: { privateKey, seed, scalar, digest: sha512(seed) } }
}

type Keys = ReturnType<typeof newKeys>

async function left({ privateKey, seed, secrets }: Keys, run: () => Promise<unknown>): Promise<string[]> {
  const allocations = await allocationsOf(run)
  const all = { ...secrets, half: secrets.digest.slice(0, 32) }
  const own = [privateKey, seed]
  return Object.entries(all).flatMap(([name, secret]) => (allocations.holding(secret, own).length > 0 ? [name] : []))
}

test('of a wallet that is imported, which stores shares alone', async () => {
  const { device } = stage()
  const client = device()
  await generateWallet(client)
  const keys = newKeys()
  const { privateKey, seed } = keys
  let walletId = ''
  const found = await left(keys, async () => {
    walletId = (await importWallet(client, { secp256k1: { privateKey }, ed25519: { seed } })).id
  })
  expect(found).toEqual([])
  const record = (await readWallet(client, walletId))!
  const { shares } = await loadShares(client, record, record.activeSetId!)
  expect(shares).toHaveLength(2)
})

test.each<[string, (keys: Keys) => ImportWalletParameters]>([
  [
    'whose second key is refused',
    ({ privateKey }) => ({ secp256k1: { privateKey }, ed25519: { seed: new Uint8Array(31) } }),
  ],
  [
    'whose public key is another one',
    ({ privateKey }) => ({ secp256k1: { privateKey, publicKey: new Uint8Array(33) } }),
  ],
  ['of a seed whose public key is another one', ({ seed }) => ({ ed25519: { seed, publicKey: new Uint8Array(32) } })],
])('of an import %s', async (_, options) => {
  const { device } = stage()
  const client = device()
  await generateWallet(client)
  const keys = newKeys()
  expect(await left(keys, () => expect(importWallet(client, options(keys))).rejects.toThrow(RangeError))).toEqual([])
})

test('of an import that the server cannot be asked for', async () => {
  const { device } = stage()
  const client = { ...device(), transport: { request: () => Promise.reject(new Error('offline')) } }
  const keys = newKeys()
  const { privateKey, seed } = keys
  const importing = () =>
    expect(importWallet(client, { secp256k1: { privateKey }, ed25519: { seed } })).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
    })
  expect(await left(keys, importing)).toEqual([])
})
