// @ts-check
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'

import { Address, OutScript, SigHash, TEST_NETWORK, Transaction } from '@scure/btc-signer'
import { versionOf } from '../support/built.mjs'
import { found, runScript } from '../support/examples.mjs'

export const name = 'example-bitcoin-psbt'
export const what = 'examples/bitcoin-psbt, @scure/btc-signer'
export const group = 'examples'
export const version = versionOf('@scure/btc-signer')

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const output = await runScript(context, 'bitcoin-psbt')
  const scripts = ['p2wpkh', 'p2tr'].map((type) => scriptOf(found(output, new RegExp(`(\\S+) \\(${type}\\)`))))
  const amounts = scripts.map(() => 50_000n)
  const transaction = Transaction.fromRaw(Buffer.from(found(output, /^([0-9a-f]+)\n$/m), 'hex'))
  const witness = (/** @type {number} */ index) =>
    /** @type {[Uint8Array, Uint8Array]} */ (transaction.getInput(index).finalScriptWitness)

  const [der, publicKey] = witness(0)
  const code = OutScript.encode({ type: 'pkh', hash: /** @type {Uint8Array} */ (scripts[0]).subarray(2) })
  const hash = transaction.preimageWitnessV0(0, code, SigHash.ALL, 50_000n)
  const options = /** @type {const} */ ({ prehash: false, format: 'der' })
  if (!secp256k1.verify(der.subarray(0, -1), hash, publicKey, options))
    throw new Error('the P2WPKH input is not signed')

  const [signature] = witness(1)
  const taproot = transaction.preimageWitnessV1(1, scripts, SigHash.DEFAULT, amounts)
  const output1 = /** @type {Uint8Array} */ (scripts[1]).subarray(2)
  if (!schnorr.verify(signature, taproot, output1)) throw new Error('the P2TR input is not signed')
  return 'generate, sign a PSBT (P2WPKH, P2TR), finalize; @noble/curves verifies both inputs'
}

/** @param {string} address */
const scriptOf = (address) => OutScript.encode(Address(TEST_NETWORK).decode(address))
