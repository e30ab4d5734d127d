import { Field } from '@noble/curves/abstract/modular.js'
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js'

import type { Scalar } from '../../../curve/group.ts'
import { ORDER } from '../../../curve/portable/secp256k1-multiply.ts'
import { concatBytes, equalBytes, wipe } from '../../../util/bytes.ts'
import { CodecError } from '../../../util/codec.ts'
import type { VoleArithmetic } from './arithmetic.ts'
import { bit } from './bit-matrix.ts'
import { extendReceiver, extendSender, hashTranscript } from './ot-extension.ts'
import { MATRIX_BYTES, ROW_BYTES, TRANSFERS, WIDTH } from './parameters.ts'
import { batchHasher, hashQuarters, u32 } from './tagged-batch.ts'

/**
 * Random vector OLE on the portable backend: Variant II of Asharov, eprint 2026/976.
 *
 * Pads are hashes of extended rows, which neither party can choose. The weights χ are hashes of the whole transcript of
 * the extension and of the matrix. The vector g is a hash of these and of the rest of Alice's message. So neither can be
 * known before the values that it checks are fixed.
 *
 * Deviation: pads, χ and g are 32 hashed bytes reduced modulo n. They are within 2^-127 of uniform, since
 * 2^256 − n < 2^129.
 */
const Fn = /* @__PURE__ */ Field(ORDER)

const ROWS = Array.from({ length: TRANSFERS }, (_, j) => j)

const number = (bytes: Uint8Array): bigint => Fn.create(bytesToNumberBE(bytes))
const encode = (value: bigint): Scalar => numberToBytesBE(Fn.create(value), 32) as Scalar

/** TH("vole-context", vsid, transcript): covers the session, its direction and parties, and the whole extension. */
function deriveContext(vsid: Uint8Array, transcript: Uint8Array): Uint8Array {
  return batchHasher('vole-context', vsid)(transcript)
}

/** The pads of each transfer: three numbers that are hashes of its row ⊕ `flip`. */
function hashPads(context: Uint8Array, rows: Uint8Array, flip: Uint8Array): bigint[][] {
  const hash = batchHasher('ote-pad', context)
  return ROWS.map((j) => {
    const row = rows.slice(j * ROW_BYTES, (j + 1) * ROW_BYTES).map((byte, i) => byte ^ (flip[i] as number))
    return Array.from({ length: WIDTH }, (_, k) => number(hash(concatBytes(row, u32(j), u32(k)))))
  })
}

/** The hash of the matrix, and the weights χ_0 and χ_1, which are derived from it. */
function deriveWeights(context: Uint8Array, matrix: Uint8Array): { digest: Uint8Array; chi: [bigint, bigint] } {
  const digest = hashQuarters('vole-matrix', context, matrix)
  const hash = batchHasher('vole-chi', digest)
  return { digest, chi: [number(hash(u32(0))), number(hash(u32(1)))] }
}

/** The vector g, derived from Alice's whole message. */
function deriveVector(digestOfMatrix: Uint8Array, check: Uint8Array, v: Uint8Array): bigint[] {
  const digest = [check, v].reduce((before, part) => batchHasher('vole-message', before)(part), digestOfMatrix)
  const hash = batchHasher('gadget', digest)
  return ROWS.map((j) => number(hash(u32(j))))
}

/** row_2 + χ_0·row_0 + χ_1·row_1 */
function combine([first, second, mask]: readonly bigint[], chi: readonly [bigint, bigint]): bigint {
  return (mask as bigint) + chi[0] * (first as bigint) + chi[1] * (second as bigint)
}

/** Σ g_j·values_{j,k} for the two columns of inputs. */
function fold(vector: readonly bigint[], values: readonly (readonly bigint[])[]): [bigint, bigint] {
  const column = (k: number): bigint =>
    vector.reduce((sum, g, j) => sum + g * ((values[j] as bigint[])[k] as bigint), 0n)
  return [column(0), column(1)]
}

/** H(u): the check value of Alice's message. */
function hashCheck(digestOfMatrix: Uint8Array, values: readonly bigint[]): Uint8Array {
  return hashQuarters('vole-check', digestOfMatrix, concatBytes(...values.map(encode)))
}

/** The vector OLE on the portable backend. */
export const portableVole: VoleArithmetic = {
  start(esid, seeds, choices) {
    const { message, rows } = extendReceiver(esid, seeds, choices, TRANSFERS)
    return { message, rows, transcript: hashTranscript(esid, message, TRANSFERS) }
  },

  multiply(esid, vsid, seeds, delta, message, inputs) {
    const rows = extendSender(esid, seeds, delta, message, TRANSFERS)
    if (rows === undefined) return undefined
    const context = deriveContext(vsid, hashTranscript(esid, message, TRANSFERS))
    const pads = hashPads(context, rows, new Uint8Array(ROW_BYTES))
    const flipped = hashPads(context, rows, delta)
    wipe(rows)
    const values = inputs.map(bytesToNumberBE)
    const matrix = concatBytes(
      ...pads.flatMap((row, j) =>
        row.map((pad, k) => encode(pad - ((flipped[j] as bigint[])[k] as bigint) + (values[k] as bigint))),
      ),
    )
    const { digest, chi } = deriveWeights(context, matrix)
    const v = encode(combine(values, chi))
    const check = hashCheck(
      digest,
      pads.map((row) => combine(row, chi)),
    )
    const [t0, t1] = fold(deriveVector(digest, check, v), pads)
    return { response: concatBytes(matrix, check, v), shares: [encode(-t0), encode(-t1)] }
  },

  finish(vsid, { rows, transcript }, choices, response) {
    const matrix = response.subarray(0, MATRIX_BYTES)
    const check = response.subarray(MATRIX_BYTES, MATRIX_BYTES + 32)
    const v = response.subarray(MATRIX_BYTES + 32)
    const numbers = Array.from({ length: TRANSFERS * WIDTH }, (_, i) =>
      bytesToNumberBE(matrix.subarray(32 * i, 32 * (i + 1))),
    )
    const tail = bytesToNumberBE(v)
    if ([...numbers, tail].some((value) => value >= Fn.ORDER)) {
      throw new CodecError('a number is not below the group order')
    }
    const context = deriveContext(vsid, transcript)
    const { digest, chi } = deriveWeights(context, matrix)
    const chosen = ROWS.map((j) => BigInt(bit(choices, j)))
    const opened = hashPads(context, rows, new Uint8Array(ROW_BYTES)).map((row, j) =>
      row.map((pad, k) => pad + (chosen[j] as bigint) * (numbers[WIDTH * j + k] as bigint)),
    )
    const expected = hashCheck(
      digest,
      opened.map((row, j) => combine(row, chi) - (chosen[j] as bigint) * tail),
    )
    if (!equalBytes(check, expected)) return undefined
    const vector = deriveVector(digest, check, v)
    const factor = vector.reduce((sum, g, j) => sum + g * (chosen[j] as bigint), 0n)
    const [r0, r1] = fold(vector, opened)
    return { factor: encode(factor), shares: [encode(r0), encode(r1)] }
  },
}
