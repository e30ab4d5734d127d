import { HDKey } from '@scure/bip32'
import { Transaction } from '@scure/btc-signer'
import { expect, test } from 'vitest'
import type { BitcoinAddressType } from '../../../src/adapters/bitcoin/address.ts'
import { bitcoinOutput } from '../../../src/adapters/bitcoin/address.ts'
import { createBitcoinSigner, type BitcoinSigner } from '../../../src/adapters/bitcoin/signer.ts'
import { concatBytes, fromHex, toBase64, toHex, utf8 } from '../../../src/util/bytes.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom, type SeededRandom } from '../../support/random.ts'
import { funding } from './transactions.ts'

/** A row of a PSBT by its bytes: key type and data, and value; both with their lengths. */
const row = (key: Uint8Array, value: Uint8Array) => concatBytes(sized(key), sized(value))
const sized = (bytes: Uint8Array) =>
  bytes.length < 0xfd
    ? concatBytes(Uint8Array.of(bytes.length), bytes)
    : concatBytes(Uint8Array.of(0xfd, bytes.length & 0xff, bytes.length >> 8), bytes)
const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer)
const HARDENED = 0x80000000
const FINGERPRINT = fromHex('d34db33f')

interface Coin {
  readonly path: string
  readonly type: BitcoinAddressType
  /** Of another key than the one that is named. */
  readonly isForeign?: boolean
}

/**
 * A PSBT as Sparrow writes it: extended keys, fingerprint and path of each key, the previous transaction beside
 * `witnessUtxo`; and rows that it does not know, of a program before it.
 */
async function psbtOf(random: SeededRandom, coins: readonly Coin[], steps = [84, 0, 0]): Promise<Uint8Array> {
  const wallet = fakeWallet(seededRandom('sparrow'))
  const origin = concatBytes(FINGERPRINT, ...steps.map((step) => u32(step + HARDENED)))
  const unsigned = new Transaction()
  const inputs: Uint8Array[] = []
  for (const { path, type, isForeign = false } of coins) {
    const publicKey = await wallet.getPublicKey('secp256k1', path)
    const owner = isForeign ? await fakeWallet(random).getPublicKey('secp256k1', path) : publicKey
    const { script, redeemScript } = bitcoinOutput(owner, type, 'regtest')
    const previous = funding(random, script, 50_000n)
    unsigned.addInput({ txid: previous.id, index: 1, sequence: 0xfffffffd })
    const suffix = path.split('/').slice(1).map(Number)
    const derivation = concatBytes(origin, ...suffix.map(u32))
    const amount = concatBytes(u32(50_000), u32(0))
    inputs.push(
      concatBytes(
        row(Uint8Array.of(0), previous.toBytes()),
        ...(type === 'p2pkh' ? [] : [row(Uint8Array.of(1), concatBytes(amount, sized(script)))]),
        ...(redeemScript === undefined ? [] : [row(Uint8Array.of(4), redeemScript)]),
        type === 'p2tr'
          ? row(concatBytes(Uint8Array.of(0x16), publicKey.subarray(1)), concatBytes(Uint8Array.of(0), derivation))
          : row(concatBytes(Uint8Array.of(6), publicKey), derivation),
        row(concatBytes(Uint8Array.of(0xfc, 4), utf8('TEST'), Uint8Array.of(1)), utf8('a proprietary row')),
        row(Uint8Array.of(0xf0, 7), utf8('an unknown row')),
        Uint8Array.of(0),
      ),
    )
  }
  unsigned.addOutput({ script: bitcoinOutput(await wallet.getPublicKey('secp256k1', 'm/1/7'), 'p2wpkh', 'regtest').script, amount: 40_000n }) // prettier-ignore
  unsigned.addOutput({ script: bitcoinOutput(await wallet.getPublicKey('secp256k1', 'm/9'), 'p2tr', 'regtest').script, amount: 1_000n }) // prettier-ignore
  const extended = HDKey.fromMasterSeed(random(32)).deriveChild(HARDENED).publicExtendedKey
  const xpub = HDKey.fromExtendedKey(extended)
  // version, depth, parent's fingerprint, index, chain code, key
  const serialized = concatBytes(
    fromHex('0488b21e01'),
    u32(xpub.parentFingerprint).reverse(),
    u32(xpub.index).reverse(),
    xpub.chainCode!,
    xpub.publicKey!,
  )
  const global = concatBytes(
    row(Uint8Array.of(0), unsigned.unsignedTx),
    row(concatBytes(Uint8Array.of(1), serialized), concatBytes(FINGERPRINT, u32(HARDENED))),
    row(concatBytes(Uint8Array.of(0xfc, 7), utf8('SPARROW'), Uint8Array.of(0)), utf8('a label')),
    row(Uint8Array.of(0xe0), utf8('unknown')),
    Uint8Array.of(0),
  )
  const named = row(concatBytes(Uint8Array.of(2), await wallet.getPublicKey('secp256k1', 'm/1/7')), concatBytes(origin, u32(1), u32(7))) // prettier-ignore
  const outputs = concatBytes(named, Uint8Array.of(0), row(Uint8Array.of(0xf1), utf8('of an output')), Uint8Array.of(0))
  return concatBytes(fromHex('70736274ff'), global, ...inputs, outputs)
}

const wallet = fakeWallet(seededRandom('sparrow'))
const TYPES = ['p2wpkh', 'p2tr', 'p2sh-p2wpkh', 'p2pkh'] as const
const signerOf = (derivations: boolean): Promise<BitcoinSigner> =>
  createBitcoinSigner(wallet, { paths: ['m'], types: TYPES, network: 'regtest', derivations })

const options = { unknown: 'ignore', proprietary: 'ignore' } as const

test('inputs of every key that the PSBT names are signed, and nothing of it is lost', async () => {
  const random = seededRandom()
  const coins = TYPES.map((type, index) => ({ type, path: `m/${index % 2}/${index}` }))
  const unsigned = await psbtOf(random, coins)
  const signer = await signerOf(true)
  wallet.requests.length = 0
  const signed = await signer.signPsbt(toBase64(unsigned))
  expect(wallet.requests.map(({ path }) => path)).toEqual(coins.map(({ path }) => path))
  const [before, after] = [unsigned, await signer.signPsbt(unsigned)].map((psbt) => Transaction.fromPSBT(psbt, options))
  for (const [index] of coins.entries()) {
    const { partialSig, tapKeySig, ...rest } = after!.getInput(index)
    expect((partialSig?.length ?? 0) + (tapKeySig === undefined ? 0 : 1)).toBe(1)
    expect(rest).toEqual(before!.getInput(index))
  }
  for (const index of [0, 1]) expect(after!.getOutput(index)).toEqual(before!.getOutput(index))
  // The rows of the global map, by their bytes.
  const text = toHex(after!.toPSBT())
  for (const part of ['SPARROW', 'a label', 'unknown', 'a proprietary row', 'an unknown row', 'of an output']) {
    expect(text).toContain(toHex(utf8(part)))
  }
  expect(text).toContain(`4f010488b21e01`)
  expect(signed.startsWith('cHNidP8')).toBe(true)
  after!.finalize()
  expect(after!.isFinal).toBe(true)
})

test('what another program finalizes is left, and the rest is signed', async () => {
  const random = seededRandom()
  const coins = [{ type: 'p2wpkh', path: 'm/0/0' } as const, { type: 'p2tr', path: 'm/0/1' } as const]
  const signer = await signerOf(true)
  const first = Transaction.fromPSBT(await signer.signPsbt(await psbtOf(random, coins), { inputs: [0] }), options)
  first.finalizeIdx(0)
  const final = first.getInput(0)
  wallet.requests.length = 0
  const second = Transaction.fromPSBT(await signer.signPsbt(first.toPSBT()), options)
  expect(wallet.requests.map(({ path }) => path)).toEqual(['m/0/1'])
  expect(second.getInput(0)).toEqual(final)
})

test('without `derivations` only its own paths are signed', async () => {
  const psbt = await psbtOf(seededRandom(), [{ type: 'p2wpkh', path: 'm/0/0' }])
  const signer = await signerOf(false)
  await expect(signer.signPsbt(psbt)).rejects.toThrow('input 0 does not spend an output of this wallet')
  await expect(createBitcoinSigner(wallet, { derivations: 1 as never })).rejects.toThrow(TypeError)
})

test('a path that leads to another key, or whose input is of another key, is not believed', async () => {
  const random = seededRandom()
  const signer = await signerOf(true)
  wallet.requests.length = 0
  for (const type of TYPES) {
    const honest = await psbtOf(random, [{ type, path: 'm/0/5' }])
    const foreign = await psbtOf(random, [{ type, path: 'm/0/5', isForeign: true }])
    // The last step of the input's path: 5, and after it the proprietary row.
    const at = toHex(honest).indexOf(`${toHex(u32(5))}07fc04`) / 2
    expect(at).toBeGreaterThan(0)
    for (const psbt of [foreign, honest.with(at, 6)]) {
      await expect(signer.signPsbt(psbt)).rejects.toThrow('input 0 does not spend an output of this wallet')
    }
  }
  const deep = await psbtOf(random, [{ type: 'p2wpkh', path: 'm/0/0/0/0/0/0/0/0/0' }])
  await expect(signer.signPsbt(deep)).rejects.toThrow('input 0 does not spend an output of this wallet')
  expect(wallet.requests).toEqual([])
})

test('keys of several accounts are signed in one PSBT, wherever their program says that the key is', async () => {
  const random = seededRandom()
  const coins = ['m/0/0', 'm/1/0', 'm/5/0/3', 'm/5/1/9', 'm'].map((path) => ({ path, type: 'p2wpkh' as const }))
  for (const steps of [[], [84, 0, 0], [49, 1, 2, 3]]) {
    const signer = await signerOf(true)
    wallet.requests.length = 0
    await signer.signPsbt(await psbtOf(random, coins, steps))
    expect(wallet.requests.map(({ path }) => path)).toEqual(coins.map(({ path }) => path))
  }
})
