import {
  bit,
  concat,
  hex,
  item,
  modulo,
  N,
  range,
  scalarBytes,
  short,
  signHash,
  toNumber,
  tree,
  u32,
  xor,
} from './hashing.ts'
import { respondToExtension, challengesOf, extend, splitMessage } from './extension.ts'

// The random vector OLE of docs/ecdsa.md.

const TRANSFERS = 768
const MATRIX_BYTES = 32 * 3 * TRANSFERS

const numberOf = (label: string, context: Uint8Array, data: Uint8Array) =>
  modulo(toNumber(short(signHash, label, context, data)))

/** The hash of all that the receiver has sent. */
function transcriptOf(esid: Uint8Array, message: Uint8Array): Uint8Array {
  const { u, x, t } = splitMessage(message, TRANSFERS)
  return short(signHash, 'ote-x', tree(signHash, 'ote-t', tree(signHash, 'ote-u', esid, u), t), x)
}

function padsOf(context: Uint8Array, rows: readonly Uint8Array[]): bigint[][] {
  return rows.map((row, j) => range(3).map((k) => numberOf('ote-pad', context, concat(row, u32(j), u32(k)))))
}

/** c_2 + χ_0·c_0 + χ_1·c_1 */
function combine(columns: readonly bigint[], chi: readonly bigint[]): bigint {
  return modulo(columns[2]! + chi[0]! * columns[0]! + chi[1]! * columns[1]!)
}

function vectorOf(matrixDigest: Uint8Array, check: Uint8Array, v: Uint8Array) {
  const message = short(signHash, 'vole-message', short(signHash, 'vole-message', matrixDigest, check), v)
  return { message, g: range(TRANSFERS).map((j) => numberOf('gadget', message, u32(j))) }
}

function weighted(g: readonly bigint[], rows: readonly (readonly bigint[])[], k: number): bigint {
  return modulo(g.reduce((sum, weight, j) => sum + weight * rows[j]![k]!, 0n))
}

/** The receiver's message, and what it keeps. */
export function startMultiplication(esid: Uint8Array, pairs: Uint8Array, choices: Uint8Array) {
  return extend(esid, pairs, choices, TRANSFERS)
}

export interface AliceInput {
  readonly esid: Uint8Array
  readonly vsid: Uint8Array
  readonly seeds: Uint8Array
  readonly delta: Uint8Array
  /** The receiver's message */
  readonly message: Uint8Array
  /** α_k, α_x and the mask */
  readonly alpha: readonly bigint[]
}

/** The sender's response Q ‖ H(û) ‖ v, its shares t, and the values on the way. */
export function multiplyAsAlice({ esid, vsid, seeds, delta, message, alpha }: AliceInput) {
  const rows = respondToExtension(esid, seeds, delta, message, TRANSFERS)
  const transcript = transcriptOf(esid, message)
  const context = short(signHash, 'vole-context', vsid, transcript)
  const zeros = padsOf(context, rows)
  const ones = padsOf(
    context,
    rows.map((row) => xor(row, delta)),
  )
  const matrix = concat(...zeros.flatMap((row, j) => row.map((pad, k) => scalarBytes(pad - ones[j]![k]! + alpha[k]!))))
  const matrixDigest = tree(signHash, 'vole-matrix', context, matrix)
  const chi = [0, 1].map((k) => numberOf('vole-chi', matrixDigest, u32(k)))
  const checked = concat(...zeros.map((row) => scalarBytes(combine(row, chi))))
  const check = tree(signHash, 'vole-check', matrixDigest, checked)
  const v = scalarBytes(combine(alpha, chi))
  const vector = vectorOf(matrixDigest, check, v)
  const shares = [0, 1].map((k) => modulo(-weighted(vector.g, zeros, k)))
  const challenges = challengesOf(esid, splitMessage(message, TRANSFERS).u, TRANSFERS)
  const values = {
    'ote-chi': challenges.map(hex),
    transcript: hex(transcript),
    'vole-context': hex(context),
    'row 0': hex(rows[0]!),
    'pads of row 0, not flipped': zeros[0]!.map((pad) => hex(scalarBytes(pad))),
    'pads of row 0, flipped': ones[0]!.map((pad) => hex(scalarBytes(pad))),
    'row 0 of Q': hex(item(matrix, 0, 96)),
    'vole-matrix': hex(matrixDigest),
    'chi 0, 1': chi.map((one) => hex(scalarBytes(one))),
    'vole-check': hex(check),
    v: hex(v),
    'vole-message': hex(vector.message),
    'g 0, 767': [0, 767].map((j) => hex(scalarBytes(vector.g[j]!))),
    't_k, t_x': shares.map((one) => hex(scalarBytes(one))),
  }
  return { response: concat(matrix, check, v), shares, values }
}

/** The receiver's β, r_k and r_x. */
export function finishAsBob(
  { esid, vsid, message, choices }: Pick<AliceInput, 'esid' | 'vsid' | 'message'> & { choices: Uint8Array },
  rows: readonly Uint8Array[],
  response: Uint8Array,
) {
  const context = short(signHash, 'vole-context', vsid, transcriptOf(esid, message))
  const matrix = response.subarray(0, MATRIX_BYTES)
  const [check, v] = [response.subarray(MATRIX_BYTES, MATRIX_BYTES + 32), response.subarray(MATRIX_BYTES + 32)]
  const matrixDigest = tree(signHash, 'vole-matrix', context, matrix)
  const chi = [0, 1].map((k) => numberOf('vole-chi', matrixDigest, u32(k)))
  const w = range(TRANSFERS).map((j) => BigInt(bit(choices, j)))
  const opened = padsOf(context, rows).map((row, j) =>
    row.map((pad, k) => modulo(pad + w[j]! * toNumber(item(matrix, 3 * j + k, 32)))),
  )
  const checked = opened.map((row, j) => scalarBytes(combine(row, chi) - w[j]! * toNumber(v)))
  if (hex(tree(signHash, 'vole-check', matrixDigest, concat(...checked))) !== hex(check)) {
    throw new RangeError('the sender multiplies inconsistently')
  }
  const { g } = vectorOf(matrixDigest, check, v)
  const beta = modulo(
    g.reduce((sum, weight, j) => sum + weight * w[j]!, 0n),
    N,
  )
  return { beta, shares: [0, 1].map((k) => weighted(g, opened, k)) }
}
