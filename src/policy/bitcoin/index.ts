import { OutScript, Transaction } from '@scure/btc-signer'

import {
  ADDRESS_TYPES,
  addressOf,
  bitcoinOutput,
  expectNetwork,
  type BitcoinAddressType,
  type BitcoinNetwork,
  type BitcoinOutput,
} from '../../adapters/bitcoin/address.ts'
import { expectNoMessage } from '../../adapters/bitcoin/message-transaction.ts'
import { expectSighashType, readSighashTypes, scopeOf, signatureHash } from '../../adapters/bitcoin/sighash.ts'
import { expectDistinct, feeOf, spentOutputs, type SpentOutput } from '../../adapters/bitcoin/spent.ts'
import { assertObject } from '../../util/arguments.ts'
import { equalBytes, toHex } from '../../util/bytes.ts'
import type { Intent } from '../../wire/intent.ts'
import type { DecodedIntent, IntendedSignature, IntentDecoder } from '../types.ts'
import { decodeMessage } from './message.ts'
import type { BitcoinInput, BitcoinIntent, BitcoinOutputIntent } from './types.ts'

export type { BitcoinAddressType, BitcoinNetwork } from '../../adapters/bitcoin/address.ts'
export type { BitcoinInput, BitcoinIntent, BitcoinMessageIntent, BitcoinOutputIntent } from './types.ts'
export type { IntendedSignature, IntentDecoder } from '../types.ts'

/** Options of {@link bitcoinIntents}. */
export interface BitcoinIntentsOptions {
  /** The network of the addresses that the policy gets. Default: `mainnet`. */
  readonly network?: BitcoinNetwork
  /**
   * The sighash types that are decoded, besides DEFAULT and ALL. Default: none. With one of them, whoever gets the signature
   * can change what it does not cover: the policy sees only what it covers, and no fee.
   */
  readonly sighashTypes?: readonly number[]
}

/**
 * Decodes what is signed for Bitcoin: inputs of transactions (P2WPKH, nested P2WPKH, P2PKH, and P2TR by the key path) with a
 * sighash type that covers the whole transaction (DEFAULT or ALL), and messages (BIP 322). It needs the package
 * `@scure/btc-signer`.
 *
 * @throws {TypeError} for an unknown network or sighash type
 *
 * @example
 * const optionsOfCreateServer = { intents: [bitcoinIntents({ network: 'testnet' })], requireIntent: true }
 */
export function bitcoinIntents(options: BitcoinIntentsOptions = {}): IntentDecoder {
  const { network = 'mainnet', sighashTypes } = assertObject(options, 'bitcoinIntents')
  expectNetwork(network)
  const allowed = readSighashTypes(sighashTypes)
  const read = lastRead()
  return {
    kinds: ['bitcoinTransaction', 'bitcoinMessage'],
    decode: (intent, signature) => decode(intent, signature, { network, allowed, read }),
  }
}

interface Settings {
  readonly network: BitcoinNetwork
  /** Sighash types, besides DEFAULT and ALL. */
  readonly allowed: readonly number[]
  readonly read: (psbt: Uint8Array) => Read
}

/** A transaction, and what its inputs spend. */
interface Read {
  readonly transaction: Transaction
  readonly spent: readonly (SpentOutput | undefined)[]
}

/** Reads PSBTs, and the same one that follows itself once: a `signAll` has one for many inputs. */
function lastRead(): Settings['read'] {
  let last: (Read & { readonly psbt: Uint8Array }) | undefined
  return (psbt) => {
    if (last !== undefined && equalBytes(last.psbt, psbt)) return last
    const copy = psbt.slice()
    const transaction = parse(copy)
    last = { psbt: copy, transaction, spent: spentOutputs(transaction) }
    return last
  }
}

/** Everything that is signed for Bitcoin comes through here. */
function decode(intent: Intent, signature: IntendedSignature, { network, allowed, read }: Settings): DecodedIntent {
  if (intent.kind === 'bitcoinMessage') return decodeMessage(intent, signature, network)
  if (intent.kind !== 'bitcoinTransaction') throw new RangeError(`${intent.kind} is not an intent of Bitcoin`)
  const { transaction, spent } = read(intent.data)
  const { input } = intent
  const own = spent[input]
  if (own === undefined) throw new RangeError(`input ${input} does not say what it spends`)
  const owned = ADDRESS_TYPES.map((type) => bitcoinOutput(signature.publicKey, type, network))
  const { type, redeemScript } = kindOf(own, owned)
  const sighashType = expectSighashType(transaction, input, type, allowed)
  expectDistinct(transaction)
  expectNoMessage(transaction)
  const about = { input, type, sighashType }
  return {
    scheme: type === 'p2tr' ? 'bip340' : 'ecdsa',
    message: signatureHash(transaction, { index: input, type, redeemScript, spent }, sighashType),
    intent: describe(transaction, spent, { ...about, network, scripts: owned.map(({ script }) => script) }),
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

/** How an input is signed. */
interface InputKind {
  readonly type: BitcoinAddressType
  readonly redeemScript?: Uint8Array | undefined
}

function kindOf({ script, isProven }: SpentOutput, owned: readonly BitcoinOutput[]): InputKind {
  const kind = decodeScript(script)
  if (kind === 'wpkh') return { type: 'p2wpkh' }
  if (kind === 'tr') return { type: 'p2tr' }
  if (kind === 'pkh') {
    // Its signature covers no amount.
    if (!isProven) throw new RangeError('an input of P2PKH must come with its previous transaction')
    return { type: 'p2pkh' }
  }
  const nested = owned.find((output) => output.redeemScript !== undefined && equalBytes(output.script, script))
  if (nested === undefined)
    throw new RangeError('the input is none of P2WPKH, P2TR, P2PKH, or nested P2WPKH of this key')
  return { type: nested.type, redeemScript: nested.redeemScript }
}

function decodeScript(script: Uint8Array): string | undefined {
  try {
    return OutScript.decode(script).type
  } catch {
    return undefined
  }
}

/** Whether the signature covers that the input spends this. */
function isProven(output: SpentOutput | undefined, index: number, { input, type, sighashType }: SignedInput): boolean {
  // BIP 341 signs all amounts and scripts, BIP 143 those of its own input. A previous transaction is proven by its id.
  if (output === undefined) return false
  return index === input || (scopeOf(sighashType).allInputs && (type === 'p2tr' || output.isProven))
}

/** The input that is signed, and how. */
type SignedInput = Pick<BitcoinIntent, 'input' | 'type' | 'sighashType'>

interface Described extends SignedInput {
  readonly network: BitcoinNetwork
  readonly scripts: readonly Uint8Array[]
}

/** Says what the signature covers, and nothing else. */
function describe(
  transaction: Transaction,
  spent: readonly (SpentOutput | undefined)[],
  { network, scripts, ...about }: Described,
): BitcoinIntent {
  const { allInputs, outputs: coveredOutputs } = scopeOf(about.sighashType)
  const seen = (script: Uint8Array) => ({
    script: toHex(script),
    address: addressOf(script, network),
    isOwn: scripts.some((own) => equalBytes(own, script)),
  })
  const inputs = spent.map((output, index): BitcoinInput => {
    const { txid, index: place, sequence = 0xffffffff } = transaction.getInput(index)
    if (txid === undefined || place === undefined) throw new RangeError(`input ${index} does not say what it spends`)
    const outpoint = { txid: toHex(txid), index: place, sequence }
    if (output === undefined || !isProven(output, index, about)) {
      return { ...outpoint, amount: null, script: null, address: null, isOwn: false }
    }
    return { ...outpoint, amount: output.amount, ...seen(output.script) }
  })
  const outputs = Array.from({ length: transaction.outputsLength }, (_, index): BitcoinOutputIntent => {
    const { amount, script } = transaction.getOutput(index)
    if (amount === undefined || script === undefined) throw new RangeError(`output ${index} is not complete`)
    return { amount, ...seen(script) }
  })
  const { version, lockTime } = transaction
  const covered = { all: outputs, single: outputs.slice(about.input, about.input + 1), none: [] }[coveredOutputs]
  return {
    kind: 'bitcoinTransaction',
    verified: true,
    ...about,
    version,
    lockTime,
    inputs: allInputs ? inputs : inputs.filter((_, index) => index === about.input),
    outputs: covered,
    fee: allInputs && coveredOutputs === 'all' ? provenFee(transaction, spent, about) : null,
  }
}

/** The fee, and null if an amount is not proven. @throws {RangeError} if the outputs exceed the inputs */
function provenFee(
  transaction: Transaction,
  spent: readonly (SpentOutput | undefined)[],
  about: SignedInput,
): bigint | null {
  const proven = spent.filter((output, index) => isProven(output, index, about))
  return proven.length === spent.length ? feeOf(transaction, proven as readonly SpentOutput[]) : null
}
