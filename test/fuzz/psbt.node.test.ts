import { secp256k1 } from '@noble/curves/secp256k1.js'
import { payments, Psbt, Transaction } from 'bitcoinjs-lib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OwnedOutput } from '../../src/adapters/bitcoin/address.ts'
import { bitcoinIntents } from '../../src/policy/bitcoin/index.ts'
import { createBitcoinSigner } from '../../src/adapters/bitcoin/signer.ts'
import { equalBytes, toHex } from '../../src/util/bytes.ts'
import { decodeIntent, encodeIntent } from '../../src/wire/intent.ts'
import { isValid, provideCurve } from '../support/bitcoinjs.ts'
import { fakeWallet, type FakeWallet } from '../support/fake-wallet.ts'
import { seededRandom, type SeededRandom } from '../support/random.ts'
import { mutated, PATIENCE, repeat, runs } from './support/mutate.ts'

provideCurve()

interface Spending {
  readonly kind: 'own p2wpkh' | 'own p2tr' | 'p2wpkh' | 'p2tr' | 'p2pkh'
  readonly proof: 'nonWitnessUtxo' | 'witnessUtxo' | 'both' | 'none'
  readonly sighashType: number | undefined
  readonly amount: bigint
  readonly isFinal: boolean
}

function generateInput(random: SeededRandom): Spending {
  const kind = random.pick(['own p2wpkh', 'own p2wpkh', 'own p2tr', 'own p2tr', 'p2wpkh', 'p2tr', 'p2pkh'] as const)
  const proof = random.pick(['nonWitnessUtxo', 'witnessUtxo', 'both', 'both', 'both', 'none'] as const)
  const sighashType = random.int(0, 4) > 0 ? undefined : random.pick([0, 1, 1, 2, 3, 0x81, 0x83])
  const amount = random.pick([20_000n, 50_000n, 1_000_000n, 11_000_000n])
  return { kind, proof, sighashType, amount, isFinal: random.int(0, 9) === 0 }
}

async function setup(random: SeededRandom) {
  const wallet = fakeWallet(random)
  const signer = await createBitcoinSigner(wallet, { paths: ['m', 'm/3'], network: 'mainnet' })
  return { wallet, signer }
}

function scriptOf(random: SeededRandom, owned: readonly OwnedOutput[], kind: Spending['kind']): Uint8Array {
  const key = secp256k1.getPublicKey(random(32))
  switch (kind) {
    case 'own p2wpkh':
    case 'own p2tr':
      return random.pick(owned.filter(({ type }) => kind.endsWith(type))).script
    case 'p2wpkh':
      return payments.p2wpkh({ pubkey: key }).output!
    case 'p2tr':
      return payments.p2tr({ internalPubkey: key.subarray(1) }).output!
    case 'p2pkh':
      return payments.p2pkh({ pubkey: key }).output!
  }
}

function ownerOf(owned: readonly OwnedOutput[], script: Uint8Array): OwnedOutput {
  return owned.find((output) => equalBytes(output.script, script))!
}

/** A PSBT made by bitcoinjs-lib. */
function generatePsbt(random: SeededRandom, owned: readonly OwnedOutput[], inputs: readonly Spending[]) {
  const psbt = new Psbt()
  inputs.forEach(({ kind, proof, sighashType, amount, isFinal }, i) => {
    const script = scriptOf(random, owned, kind)
    const previous = new Transaction()
    previous.addInput(random(32), random.int(0, 5))
    previous.addOutput(script, amount)
    psbt.addInput({
      hash: previous.getId(),
      index: 0,
      sequence: random.int(0, 2 ** 32 - 1),
      ...(proof === 'witnessUtxo' || proof === 'both' ? { witnessUtxo: { script, value: amount } } : {}),
      ...(proof === 'nonWitnessUtxo' || proof === 'both' ? { nonWitnessUtxo: previous.toBuffer() } : {}),
      // Without it bitcoinjs-lib verifies no signature of a key path.
      ...(kind === 'own p2tr' ? { tapInternalKey: ownerOf(owned, script).publicKey.subarray(1) } : {}),
    })
    // By hand: bitcoinjs-lib takes no type 0.
    if (sighashType !== undefined) Object.assign(psbt.data.inputs[i]!, { sighashType })
    if (!isFinal) return
    const final = kind === 'p2pkh' ? { finalScriptSig: random(100) } : { finalScriptWitness: Uint8Array.of(1, 2, 7, 7) }
    Object.assign(psbt.data.inputs[i]!, final)
  })
  const total = inputs.reduce((sum, { amount }) => sum + amount, 0n)
  const spent = random.pick([total - 1_000n, total - 1_000n, total - 1_000n, total, total + 1n, 1_000n])
  psbt.addOutput({ script: random.pick(owned).script, value: spent })
  psbt.setLocktime(random.int(0, 2 ** 32 - 1))
  return { psbt, fee: total - spent }
}

/** Whether it is to be signed, said in another way than the signer does. */
function isToBeSigned(inputs: readonly Spending[], chosen: readonly number[], fee: bigint, trusts: boolean): boolean {
  const signed = chosen.filter((index) => !inputs[index]!.isFinal)
  const isRight = (index: number): boolean => {
    const { kind, proof, sighashType = kind === 'own p2tr' ? 0 : 1 } = inputs[index]!
    if (proof === 'none' || !kind.startsWith('own')) return false
    return sighashType === 1 || (sighashType === 0 && kind === 'own p2tr')
  }
  if (!signed.every(isRight)) return false
  if (signed.length === 0) return true
  if (inputs.some(({ proof }) => proof === 'none') || fee < 0n || fee > 10_000_000n) return false
  const isOther = (index: number): boolean => inputs.some(({ proof }, i) => i !== index && proof === 'witnessUtxo')
  return trusts || !signed.some((index) => inputs[index]!.kind === 'own p2wpkh' && isOther(index))
}

test('PSBTs of bitcoinjs-lib are signed as it verifies, or refused and left', { timeout: PATIENCE }, async () => {
  let [accepted, refused] = [0, 0]
  await repeat(200, async (random) => {
    const { wallet, signer } = await setup(random)
    const inputs = Array.from({ length: random.int(1, 4) }, () => generateInput(random))
    const { psbt, fee } = generatePsbt(random, signer.outputs, inputs)
    const all = [...inputs.keys()]
    const own = all.filter((index) => inputs[index]!.kind.startsWith('own'))
    const chosen = random.pick([undefined, own, own, own.slice(0, 1)])
    const trustWitnessUtxo = random.int(0, 3) === 0
    const options = { trustWitnessUtxo, ...(chosen === undefined ? {} : { inputs: chosen }) }
    const unsigned = Uint8Array.from(psbt.toBuffer())
    const place = `${JSON.stringify({ ...options, fee: String(fee) })} ${toHex(unsigned)}`
    const result = await signer.signPsbt(unsigned, options).catch((error: unknown) => error)
    const isExpected = isToBeSigned(inputs, chosen ?? all, fee, trustWitnessUtxo)
    if (!(result instanceof Uint8Array)) {
      refused++
      expect(result, place).toBeInstanceOf(RangeError)
      expect(isExpected, `${String(result)} ${place}`).toBe(false)
      expect(wallet.requests, place).toEqual([])
      return
    }
    accepted++
    expect(isExpected, place).toBe(true)
    const signed = Psbt.fromBuffer(result)
    expect(toHex(signed.data.globalMap.unsignedTx.toBuffer())).toBe(toHex(psbt.data.globalMap.unsignedTx.toBuffer()))
    signed.data.inputs.forEach((input, index) => {
      const { partialSig, tapKeySig, ...rest } = input
      const isSigned = (chosen ?? all).includes(index) && !inputs[index]!.isFinal
      expect((partialSig?.length ?? 0) + (tapKeySig === undefined ? 0 : 1), place).toBe(isSigned ? 1 : 0)
      expect(rest, place).toEqual(Psbt.fromBuffer(unsigned).data.inputs[index])
      if (isSigned) expect(signed.validateSignaturesOfInput(index, isValid), place).toBe(true)
    })
    for (const request of wallet.requests) await expectSeen(wallet, request, psbt, inputs, fee)
    expect(await signer.signPsbt(result, options), place).toEqual(result)
  })
  expect(accepted).toBeGreaterThan(20)
  expect(refused).toBeGreaterThan(20)
})

/** What a server sees of a request: what bitcoinjs-lib has made, and no amount that is not proven. */
async function expectSeen(
  wallet: FakeWallet,
  { kind, intent, signed, path }: FakeWallet['requests'][number],
  psbt: Psbt,
  inputs: readonly Spending[],
  fee: bigint,
): Promise<void> {
  const publicKey = await wallet.getPublicKey('secp256k1', path)
  const asked = { scheme: kind === 'taproot' ? 'bip340' : 'ecdsa', message: signed, publicKey } as const
  const decoded = bitcoinIntents().decode(decodeIntent(encodeIntent(intent!)), asked)
  expect([decoded.scheme, toHex(decoded.message)]).toEqual([asked.scheme, toHex(signed)])
  if (decoded.intent.kind !== 'bitcoinTransaction') throw new Error('not of Bitcoin')
  const seen = decoded.intent
  expect([seen.version, seen.lockTime]).toEqual([psbt.version, psbt.locktime])
  expect(seen.outputs.map(({ amount, script, address }) => ({ amount, script, address }))).toEqual(
    psbt.txOutputs.map(({ value, script, address }) => ({ amount: value, script: toHex(script), address: address! })),
  )
  expect(seen.inputs.map(({ txid, index, sequence }) => ({ txid, index, sequence }))).toEqual(
    psbt.txInputs.map(({ hash, index, sequence }) => ({
      txid: toHex(hash.slice().reverse()),
      index,
      sequence: sequence!,
    })),
  )
  const isProven = inputs.map(({ proof }, i) => kind === 'taproot' || i === seen.input || proof !== 'witnessUtxo')
  expect(seen.inputs.map(({ amount }) => amount)).toEqual(inputs.map(({ amount }, i) => (isProven[i] ? amount : null)))
  expect(seen.fee).toBe(isProven.includes(false) ? null : fee)
  expect(seen.inputs[seen.input]).toMatchObject({ isOwn: true })
}

test('bytes that were a PSBT are refused, or signed as bitcoinjs-lib verifies', { timeout: PATIENCE }, async () => {
  const random = seededRandom()
  const { wallet, signer } = await setup(random)
  const right = { proof: 'both', sighashType: undefined, amount: 50_000n, isFinal: false } as const
  const kinds = [{ ...right, kind: 'own p2wpkh' } as const, { ...right, kind: 'own p2tr' } as const]
  const { psbt } = generatePsbt(random, signer.outputs, kinds)
  const valid = Uint8Array.from(psbt.toBuffer())
  await fc.assert(
    fc.asyncProperty(mutated(valid), async (bytes) => {
      const before = wallet.requests.length
      const result = await signer.signPsbt(bytes).catch((error: unknown) => error)
      if (!(result instanceof Uint8Array)) {
        expect(result).toBeInstanceOf(RangeError)
        expect(wallet.requests.length).toBe(before)
        return
      }
      for (const request of wallet.requests.slice(before)) {
        const publicKey = await wallet.getPublicKey('secp256k1', request.path)
        const asked = { scheme: 'ecdsa', message: request.signed, publicKey } as const
        expect(bitcoinIntents().decode(request.intent!, asked).message).toEqual(request.signed)
      }
      if (equalBytes(result, bytes)) return
      const signed = Psbt.fromBuffer(result)
      // The row of the internal key may be what was changed.
      signed.data.inputs[1]!.tapInternalKey ??= psbt.data.inputs[1]!.tapInternalKey!
      signed.data.inputs.forEach((_, index) => expect(signed.validateSignaturesOfInput(index, isValid)).toBe(true))
    }),
    runs(200),
  )
})
