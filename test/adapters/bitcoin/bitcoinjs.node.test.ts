import { payments, networks, Psbt, Transaction } from 'bitcoinjs-lib'
import { expect, test } from 'vitest'
import { createBitcoinSigner, type BitcoinSigner } from '../../../src/adapters/bitcoin/signer.ts'
import type { OwnedOutput } from '../../../src/adapters/bitcoin/address.ts'
import { bitcoinIntents } from '../../../src/policy/bitcoin/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { decodeIntent, encodeIntent } from '../../../src/wire/intent.ts'
import { isValid, provideCurve } from '../../support/bitcoinjs.ts'
import { fakeWallet, type FakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

provideCurve()

const TYPES = ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'] as const
const SIGHASH_TYPES = [2, 3, 0x81, 0x82, 0x83] as const
const random = seededRandom('bitcoinjs')

async function setup(): Promise<{ wallet: FakeWallet; signer: BitcoinSigner }> {
  const wallet = fakeWallet(random)
  const signer = await createBitcoinSigner(wallet, { types: TYPES, paths: ['m/0/0', 'm/1/4'], network: 'regtest' })
  return { wallet, signer }
}

/** What bitcoinjs-lib makes of the same key. */
function payment({ type, publicKey }: OwnedOutput) {
  const about = { pubkey: publicKey, network: networks.regtest }
  switch (type) {
    case 'p2pkh':
      return payments.p2pkh(about)
    case 'p2wpkh':
      return payments.p2wpkh(about)
    case 'p2sh-p2wpkh':
      return payments.p2sh({ redeem: payments.p2wpkh(about), network: networks.regtest })
    case 'p2tr':
      return payments.p2tr({ internalPubkey: publicKey.subarray(1), network: networks.regtest })
  }
}

/** A PSBT of bitcoinjs-lib that spends one coin of 50,000 of each output. */
function psbtOf(outputs: readonly OwnedOutput[], sighashType?: number): Psbt {
  const psbt = new Psbt({ network: networks.regtest })
  for (const output of outputs) {
    const previous = new Transaction()
    previous.addInput(random(32), 0)
    previous.addOutput(output.script, 50_000n)
    psbt.addInput({
      hash: previous.getId(),
      index: 0,
      sequence: 0xfffffffd,
      nonWitnessUtxo: previous.toBuffer(),
      ...(output.type === 'p2tr'
        ? {
            tapInternalKey: output.publicKey.subarray(1),
            witnessUtxo: { script: output.script, value: 50_000n },
          }
        : {}),
      ...(output.redeemScript === undefined ? {} : { redeemScript: output.redeemScript }),
      ...(sighashType === undefined ? {} : { sighashType }),
    })
  }
  for (const [index] of outputs.entries()) {
    psbt.addOutput({
      script: payments.p2wpkh({ pubkey: outputs[0]!.publicKey }).output!,
      value: 40_000n + BigInt(index),
    })
  }
  return psbt
}

/** What the server makes of each request. */
async function seen(wallet: FakeWallet, sighashTypes: readonly number[] = []) {
  const decoder = bitcoinIntents({ network: 'regtest', sighashTypes })
  const all = wallet.requests.map(async ({ kind, signed, intent, path }) => {
    const publicKey = await wallet.getPublicKey('secp256k1', path)
    const scheme = kind === 'taproot' ? 'bip340' : 'ecdsa'
    const decoded = decoder.decode(decodeIntent(encodeIntent(intent!)), { scheme, message: signed, publicKey })
    expect([decoded.scheme, toHex(decoded.message)]).toEqual([scheme, toHex(signed)])
    if (decoded.intent.kind !== 'bitcoinTransaction') throw new Error('not a transaction')
    return decoded.intent
  })
  return Promise.all(all)
}

test('the addresses are those of bitcoinjs-lib', async () => {
  const { signer } = await setup()
  expect(signer.outputs.map(({ type }) => type)).toEqual([...TYPES, ...TYPES])
  for (const output of signer.outputs) {
    const theirs = payment(output)
    expect([output.address, toHex(output.script)]).toEqual([theirs.address, toHex(theirs.output!)])
  }
})

test('inputs of every type are signed in base64 and hex, finalized and extracted by bitcoinjs-lib', async () => {
  const { wallet, signer } = await setup()
  const psbt = psbtOf(signer.outputs)
  const signed = [
    Psbt.fromBase64(await signer.signPsbt(psbt.toBase64())),
    Psbt.fromHex(await signer.signPsbt(psbt.toHex())),
    Psbt.fromBuffer(await signer.signPsbt(Uint8Array.from(psbt.toBuffer()))),
  ]
  for (const theirs of signed) {
    for (const index of signer.outputs.keys()) expect(theirs.validateSignaturesOfInput(index, isValid)).toBe(true)
    theirs.finalizeAllInputs()
    expect(theirs.extractTransaction().ins.length).toBe(8)
  }
  for (const intent of await seen(wallet)) {
    expect(intent).toMatchObject({ type: signer.outputs[intent.input]!.type, fee: 8n * 10_000n - 28n })
    expect(intent.inputs.map(({ address }) => address)).toEqual(signer.outputs.map(({ address }) => address))
  }
})

test.each(TYPES.flatMap((type) => SIGHASH_TYPES.map((sighash) => [type, sighash] as const)))(
  'an input of %s with sighash type %i is signed by permission, as bitcoinjs-lib verifies, and shown as far as it is signed',
  async (type, sighashType) => {
    const { wallet, signer } = await setup()
    const own = signer.outputs.filter((output) => output.type === type)
    const psbt = psbtOf(own, sighashType)
    await expect(signer.signPsbt(psbt.toBase64())).rejects.toThrow(`input 0 asks for sighash type ${sighashType}`)
    const others = SIGHASH_TYPES.filter((other) => other !== sighashType)
    await expect(signer.signPsbt(psbt.toBase64(), { sighashTypes: others })).rejects.toThrow('asks for sighash type')
    expect(wallet.requests).toEqual([])

    const options = { sighashTypes: [sighashType] }
    const signed = await signer.signPsbt(psbt.toBase64(), options)
    expect(await signer.signPsbt(signed, options)).toBe(signed)
    const theirs = Psbt.fromBase64(signed)
    for (const index of own.keys()) expect(theirs.validateSignaturesOfInput(index, isValid)).toBe(true)

    await expect(seen(wallet)).rejects.toThrow(`input 0 asks for sighash type ${sighashType}`)
    const intents = await seen(wallet, [sighashType])
    expect(intents.map(({ input }) => input)).toEqual([0, 1])
    for (const intent of intents) {
      expect(intent).toMatchObject({ sighashType, fee: null, type })
      expect(intent.inputs.length).toBe(sighashType >= 0x80 ? 1 : 2)
      const [first] = intent.outputs
      expect(intent.outputs.length).toBe({ 1: 2, 2: 0, 3: 1 }[sighashType & 0x7f])
      if ((sighashType & 0x7f) === 3) expect(first!.amount).toBe(40_000n + BigInt(intent.input))
    }
  },
)
