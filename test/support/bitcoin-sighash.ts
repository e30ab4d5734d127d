import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'

/** A transaction as its signatures commit to it. */
export interface SpendingTransaction {
  readonly version: number
  readonly lockTime: number
  readonly inputs: readonly {
    /** 32 bytes in the order of the wire, which is not that of block explorers */
    readonly txid: Uint8Array
    readonly index: number
    readonly sequence: number
    readonly amount: bigint
    readonly script: Uint8Array
  }[]
  readonly outputs: readonly { readonly amount: bigint; readonly script: Uint8Array }[]
}

/** BIP 143 for a P2WPKH input and SIGHASH_ALL. */
export function segwitDigest(transaction: SpendingTransaction, index: number): Uint8Array {
  const { inputs, outputs } = transaction
  const input = inputs[index]!
  // OP_DUP OP_HASH160 <20 bytes> OP_EQUALVERIFY OP_CHECKSIG
  const scriptCode = concatBytes(Uint8Array.of(0x76, 0xa9, 20), input.script.subarray(2), Uint8Array.of(0x88, 0xac))
  return twice(
    little(transaction.version, 4),
    twice(...inputs.map(outpoint)),
    twice(...inputs.map(({ sequence }) => little(sequence, 4))),
    outpoint(input),
    variable(scriptCode),
    little(input.amount, 8),
    little(input.sequence, 4),
    twice(...outputs.map(output)),
    little(transaction.lockTime, 4),
    little(1, 4),
  )
}

/** BIP 341 for the key path without annex, and SIGHASH_DEFAULT (0) or SIGHASH_ALL (1). */
export function taprootDigest(transaction: SpendingTransaction, index: number, sighashType: 0 | 1): Uint8Array {
  const { inputs, outputs } = transaction
  const tag = sha256(utf8('TapSighash'))
  return once(
    tag,
    tag,
    Uint8Array.of(0, sighashType),
    little(transaction.version, 4),
    little(transaction.lockTime, 4),
    once(...inputs.map(outpoint)),
    once(...inputs.map(({ amount }) => little(amount, 8))),
    once(...inputs.map(({ script }) => variable(script))),
    once(...inputs.map(({ sequence }) => little(sequence, 4))),
    once(...outputs.map(output)),
    Uint8Array.of(0),
    little(index, 4),
  )
}

const once = (...parts: Uint8Array[]): Uint8Array => sha256(concatBytes(...parts))
const twice = (...parts: Uint8Array[]): Uint8Array => sha256(once(...parts))
const variable = (script: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(script.length), script)

function outpoint({ txid, index }: SpendingTransaction['inputs'][number]): Uint8Array {
  return concatBytes(txid, little(index, 4))
}

function output({ amount, script }: SpendingTransaction['outputs'][number]): Uint8Array {
  return concatBytes(little(amount, 8), variable(script))
}

function little(value: number | bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn))
}
