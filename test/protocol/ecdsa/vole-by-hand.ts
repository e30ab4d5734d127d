import { sha256 } from '@noble/hashes/sha2.js'

import { concatBytes, utf8 } from '../../../src/util/bytes.ts'
import { bytesToNumber, mod, numberToBytes, ORDER } from '../../support/bigint-scalars.ts'

// The sender of the vector OLE once more, from what docs/ecdsa.md says alone: nothing of src is used. It lets every number
// be another one, row by row, so that tests can build dishonest senders; and it is what an outsider checks messages with.

export const N = ORDER.secp256k1
export const TRANSFERS = 768

export const toNumber = (bytes: Uint8Array): bigint => mod(bytesToNumber('secp256k1', bytes), N)
export const toBytes = (value: bigint): Uint8Array => numberToBytes('secp256k1', mod(value, N))

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

function bitOf(bits: Uint8Array, index: number): number {
  return ((bits[index >> 3] as number) >> (index & 7)) & 1
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] as number))
}

/** TH(label, context ‖ 0^24, item) */
export function hash(label: string, context: Uint8Array, item: Uint8Array): Uint8Array {
  const tag = sha256(utf8(`reshare/v1/secp256k1/ecdsa/${label}`))
  return sha256(concatBytes(tag, tag, u32(56), context, new Uint8Array(24), u32(item.length), item))
}

/** H(Q_0 ‖ … ‖ Q_3) of Q_l = H(quarter l ‖ l) */
export function hashTree(label: string, context: Uint8Array, data: Uint8Array): Uint8Array {
  const quarter = data.length / 4
  const leaves = [0, 1, 2, 3].map((l) =>
    hash(label, context, concatBytes(data.slice(l * quarter, (l + 1) * quarter), u32(l))),
  )
  return hash(label, context, concatBytes(...leaves))
}

/** What a message u ‖ x ‖ t of the receiver hashes to. */
export function transcriptOf(esid: Uint8Array, message: Uint8Array): Uint8Array {
  const [u, x, t] = [message.slice(0, 14_336), message.slice(14_336, 14_352), message.slice(14_352)]
  return hash('ote-x', hashTree('ote-t', hashTree('ote-u', esid, u), t), x)
}

/** The rows that the sender extends, 16 bytes each. */
function senderRows(esid: Uint8Array, seeds: Uint8Array, delta: Uint8Array, message: Uint8Array): Uint8Array[] {
  const columns = Array.from({ length: 128 }, (_, i) => {
    const seed = seeds.slice(32 * i, 32 * (i + 1))
    const branch = 1 ^ bitOf(delta, i)
    const blocks = [0, 1, 2, 3].map((counter) =>
      hash('ote-prg', esid, concatBytes(seed, u32(i), u32(branch), u32(counter))),
    )
    const column = concatBytes(...blocks).slice(0, 112)
    return bitOf(delta, i) === 1 ? xor(column, message.slice(112 * i, 112 * (i + 1))) : column
  })
  return Array.from({ length: TRANSFERS }, (_, j) => {
    const row = new Uint8Array(16)
    for (const [i, column] of columns.entries()) row[i >> 3] = (row[i >> 3] as number) | (bitOf(column, j) << (i & 7))
    return row
  })
}

export interface Sender {
  readonly context: Uint8Array
  /** T⁰ and T¹, three numbers a row */
  readonly zero: bigint[][]
  readonly one: bigint[][]
}

/** What the sender of a session holds once it has the receiver's message. */
export function senderOf(input: {
  readonly esid: Uint8Array
  readonly vsid: Uint8Array
  readonly multiplierSeeds: Uint8Array
  readonly delta: Uint8Array
  readonly message: Uint8Array
}): Sender {
  const { esid, vsid, multiplierSeeds, delta, message } = input
  const context = hash('vole-context', vsid, transcriptOf(esid, message))
  const rows = senderRows(esid, multiplierSeeds, delta, message)
  const pads = (row: Uint8Array, j: number): bigint[] =>
    [0, 1, 2].map((k) => toNumber(hash('ote-pad', context, concatBytes(row, u32(j), u32(k)))))
  return { context, zero: rows.map(pads), one: rows.map((row, j) => pads(xor(row, delta), j)) }
}

/** Q of inputs that may differ from row to row. */
export function matrixOf({ zero, one }: Sender, inputs: (row: number) => readonly bigint[]): Uint8Array {
  return concatBytes(...zero.flatMap((row, j) => row.map((pad, k) => toBytes(pad - one[j]![k]! + inputs(j)[k]!))))
}

/** TH("vole-matrix", context, Q), and the weights χ from it. */
export function weightsOf({ context }: Sender, matrix: Uint8Array): { digest: Uint8Array; chi: [bigint, bigint] } {
  const digest = hashTree('vole-matrix', context, matrix)
  return {
    digest,
    chi: [toNumber(hash('vole-chi', digest, u32(0))), toNumber(hash('vole-chi', digest, u32(1)))],
  }
}

export function combine(row: readonly bigint[], chi: readonly [bigint, bigint]): bigint {
  return row[2]! + chi[0] * row[0]! + chi[1] * row[1]!
}

/** H(u) for the weights of a matrix, of a sender that computes u as it should. */
export function checkOf({ zero }: Sender, digest: Uint8Array, chi: readonly [bigint, bigint]): Uint8Array {
  return hashTree('vole-check', digest, concatBytes(...zero.map((row) => toBytes(combine(row, chi)))))
}

/** g, of a whole message. */
export function vectorOf(digest: Uint8Array, check: Uint8Array, v: Uint8Array): bigint[] {
  const whole = hash('vole-message', hash('vole-message', digest, check), v)
  return Array.from({ length: TRANSFERS }, (_, j) => toNumber(hash('gadget', whole, u32(j))))
}

/** The message of an honest sender, and its shares. */
export function honestResponse(sender: Sender, inputs: readonly bigint[]): { response: Uint8Array; shares: bigint[] } {
  const matrix = matrixOf(sender, () => inputs)
  const { digest, chi } = weightsOf(sender, matrix)
  const [check, v] = [checkOf(sender, digest, chi), toBytes(combine(inputs, chi))]
  const vector = vectorOf(digest, check, v)
  const shares = [0, 1].map((k) => mod(-vector.reduce((sum, g, j) => sum + g * sender.zero[j]![k]!, 0n), N))
  return { response: concatBytes(matrix, check, v), shares }
}
