import { OutScript, Transaction } from '@scure/btc-signer'

import {
  addressOf,
  bitcoinOutput,
  expectNetwork,
  type BitcoinAddressType,
  type BitcoinNetwork,
} from '../../adapters/bitcoin/address.ts'
import { expectSighashType, signatureHash } from '../../adapters/bitcoin/sighash.ts'
import { expectDistinct, feeOf, spentOutputs, type SpentOutput } from '../../adapters/bitcoin/spent.ts'
import { assertObject } from '../../util/arguments.ts'
import { equalBytes, toHex } from '../../util/bytes.ts'
import type { Intent } from '../../wire/intent.ts'
import type { DecodedIntent, IntendedSignature, IntentDecoder } from '../types.ts'
import type { BitcoinInput, BitcoinIntent, BitcoinOutputIntent } from './types.ts'

export type { BitcoinNetwork } from '../../adapters/bitcoin/address.ts'
export type { BitcoinInput, BitcoinIntent, BitcoinOutputIntent } from './types.ts'
export type { IntendedSignature, IntentDecoder } from '../types.ts'

/** Options of {@link bitcoinIntents}. */
export interface BitcoinIntentsOptions {
  /** The network of the addresses that the policy gets. Default: `mainnet`. */
  readonly network?: BitcoinNetwork
}

/**
 * Decodes the inputs of Bitcoin transactions that are signed: P2WPKH, and P2TR by the key path, with a sighash type that
 * covers the whole transaction (DEFAULT or ALL). It needs the package `@scure/btc-signer`.
 *
 * @throws {TypeError} for an unknown network
 *
 * @example
 * const optionsOfCreateServer = { intents: [bitcoinIntents({ network: 'testnet' })], requireIntent: true }
 */
export function bitcoinIntents(options: BitcoinIntentsOptions = {}): IntentDecoder {
  const { network = 'mainnet' } = assertObject(options, 'bitcoinIntents')
  expectNetwork(network)
  return { kinds: ['bitcoinTransaction'], decode: (intent, signature) => decode(intent, signature, network) }
}

/** Everything that is signed for Bitcoin comes through here. */
function decode(intent: Intent, signature: IntendedSignature, network: BitcoinNetwork): DecodedIntent {
  if (intent.kind !== 'bitcoinTransaction') throw new RangeError(`${intent.kind} is not an intent of Bitcoin`)
  const transaction = parse(intent.data)
  const { input } = intent
  const spent = spentOutputs(transaction)
  const own = spent[input]
  if (own === undefined) throw new RangeError(`input ${input} does not say what it spends`)
  const type = typeOf(own.script)
  const sighashType = expectSighashType(transaction, input, type)
  expectDistinct(transaction)
  const proven = spent.map((output, index) => (isProven(output, type, index === input) ? output : undefined))
  return {
    scheme: type === 'p2tr' ? 'bip340' : 'ecdsa',
    message: signatureHash(transaction, { index: input, type, spent }, sighashType),
    intent: describe(transaction, proven, { input, type, network, scripts: ownScripts(signature, network) }),
  }
}

function parse(psbt: Uint8Array): Transaction {
  try {
    // Scripts that btc-signer does not know are shown as they are.
    const options = {
      allowUnknownOutputs: true,
      allowUnknownInputs: true,
      unknown: 'strip',
      proprietary: 'strip',
    } as const
    return Transaction.fromPSBT(psbt, options)
  } catch (cause) {
    throw new RangeError('not a PSBT', { cause })
  }
}

function typeOf(script: Uint8Array): BitcoinAddressType {
  const type = decodeScript(script)
  if (type === 'wpkh') return 'p2wpkh'
  if (type === 'tr') return 'p2tr'
  throw new RangeError('the input is neither P2WPKH nor P2TR')
}

function decodeScript(script: Uint8Array): string | undefined {
  try {
    return OutScript.decode(script).type
  } catch {
    return undefined
  }
}

/** Whether the signature is not valid if this is not what the input spends. */
function isProven(output: SpentOutput | undefined, type: BitcoinAddressType, isSigned: boolean): output is SpentOutput {
  // BIP 341 signs all amounts and scripts, BIP 143 those of its own input. A previous transaction is proven by its id.
  return output !== undefined && (type === 'p2tr' || isSigned || output.isProven)
}

function ownScripts({ publicKey }: IntendedSignature, network: BitcoinNetwork): readonly Uint8Array[] {
  return (['p2wpkh', 'p2tr'] as const).map((type) => bitcoinOutput(publicKey, type, network).script)
}

interface Described extends Pick<BitcoinIntent, 'input' | 'type'> {
  readonly network: BitcoinNetwork
  readonly scripts: readonly Uint8Array[]
}

function describe(
  transaction: Transaction,
  proven: readonly (SpentOutput | undefined)[],
  { input, type, network, scripts }: Described,
): BitcoinIntent {
  const isOwn = (script: Uint8Array) => scripts.some((own) => equalBytes(own, script))
  const seen = (script: Uint8Array) => ({
    script: toHex(script),
    address: addressOf(script, network),
    isOwn: isOwn(script),
  })
  const inputs = proven.map((spent, index): BitcoinInput => {
    const { txid, index: output, sequence = 0xffffffff } = transaction.getInput(index)
    if (txid === undefined || output === undefined) throw new RangeError(`input ${index} does not say what it spends`)
    const outpoint = { txid: toHex(txid), index: output, sequence }
    if (spent === undefined) return { ...outpoint, amount: null, script: null, address: null, isOwn: false }
    return { ...outpoint, amount: spent.amount, ...seen(spent.script) }
  })
  const outputs = Array.from({ length: transaction.outputsLength }, (_, index): BitcoinOutputIntent => {
    const { amount, script } = transaction.getOutput(index)
    if (amount === undefined || script === undefined) throw new RangeError(`output ${index} is not complete`)
    return { amount, ...seen(script) }
  })
  const { version, lockTime } = transaction
  const fee = feeOfProven(transaction, proven)
  return { kind: 'bitcoinTransaction', verified: true, input, type, version, lockTime, inputs, outputs, fee }
}

/** The fee, and null if an amount is not proven. @throws {RangeError} if the outputs exceed the inputs */
function feeOfProven(transaction: Transaction, proven: readonly (SpentOutput | undefined)[]): bigint | null {
  const all = proven.filter((output) => output !== undefined)
  return all.length === proven.length ? feeOf(transaction, all) : null
}
