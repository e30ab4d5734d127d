import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js'

import type { Scalar } from '../../curve/group.ts'
import { concatBytes, equalBytes, wipe } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import type { VoleArithmetic } from './arithmetic.ts'
import { bit } from './bit-matrix.ts'
import { extendReceiver, extendSender } from './ot-extension.ts'
import { ROW_BYTES, TRANSFERS, WIDTH } from './parameters.ts'
import { batchHasher, hashQuarters, u32 } from './tagged-batch.ts'

/**
 * Random vector OLE of DKLs23 Protocol 5.2 on the portable backend.
 *
 * Deviation: the paper prints the check with two index slips; this is the form that the algebra asks for.
 * Deviation: pads, gadgets and θ are 32 hashed bytes reduced modulo n, within 2^-127 of uniform since 2^256 − n < 2^129.
 */
const { Fn } = secp256k1.Point

const ROWS = Array.from({ length: TRANSFERS }, (_, j) => j)

const number = (bytes: Uint8Array): bigint => Fn.create(bytesToNumberBE(bytes))
const encode = (value: bigint): Scalar => numberToBytesBE(Fn.create(value), 32) as Scalar

function decodeGadgets(gadgets: Uint8Array): bigint[] {
  return ROWS.map((j) => bytesToNumberBE(gadgets.subarray(32 * j, 32 * (j + 1))))
}

/** The pads of each transfer: three numbers hashed from its row. */
function hashPads(vsid: Uint8Array, rows: Uint8Array, flip: Uint8Array): bigint[][] {
  const hash = batchHasher('ote-pad', vsid)
  return ROWS.map((j) => {
    const row = rows.slice(j * ROW_BYTES, (j + 1) * ROW_BYTES).map((byte, i) => byte ^ (flip[i] as number))
    return Array.from({ length: WIDTH }, (_, k) => number(hash(concatBytes(row, u32(j), u32(k)))))
  })
}

/** θ_k, the public weights of the check columns. */
function deriveTheta(vsid: Uint8Array, payload: Uint8Array): [bigint, bigint] {
  const hash = batchHasher('theta', hashQuarters('vole-payload', vsid, payload))
  return [number(hash(u32(0))), number(hash(u32(1)))]
}

/** row_2 + θ_0·row_0 + θ_1·row_1 */
function combine([first, second, check]: readonly bigint[], theta: readonly [bigint, bigint]): bigint {
  return (check as bigint) + theta[0] * (first as bigint) + theta[1] * (second as bigint)
}

/** Σ g_j·values_{j,k} for the two columns of inputs. */
function fold(gadgets: readonly bigint[], values: readonly (readonly bigint[])[]): [bigint, bigint] {
  const column = (k: number): bigint =>
    gadgets.reduce((sum, g, j) => sum + g * ((values[j] as bigint[])[k] as bigint), 0n)
  return [column(0), column(1)]
}

function deriveMu(vsid: Uint8Array, values: readonly bigint[]): Uint8Array {
  return hashQuarters('mu', vsid, concatBytes(...values.map(encode)))
}

export const portableVole: VoleArithmetic = {
  gadgets(setId) {
    const hash = batchHasher('gadget', setId)
    return concatBytes(...ROWS.map((j) => encode(number(hash(u32(j))))))
  },

  start(vsid, gadgets, seeds, choices) {
    const { message, rows } = extendReceiver(vsid, seeds, choices, TRANSFERS)
    const chi = decodeGadgets(gadgets).reduce((sum, g, j) => sum + BigInt(bit(choices, j)) * g, 0n)
    return { message, rows, chi: encode(chi) }
  },

  multiply(vsid, gadgets, seeds, delta, message, inputs) {
    const rows = extendSender(vsid, seeds, delta, message, TRANSFERS)
    if (rows === undefined) return undefined
    const pads = hashPads(vsid, rows, new Uint8Array(ROW_BYTES))
    const flipped = hashPads(vsid, rows, delta)
    wipe(rows)
    const values = inputs.map(bytesToNumberBE)
    const payload = concatBytes(
      ...pads.flatMap((row, j) =>
        row.map((pad, k) => encode(pad - ((flipped[j] as bigint[])[k] as bigint) + (values[k] as bigint))),
      ),
    )
    const theta = deriveTheta(vsid, payload)
    const eta = encode(combine(values, theta))
    const mu = deriveMu(
      vsid,
      pads.map((row) => combine(row, theta)),
    )
    const [c0, c1] = fold(decodeGadgets(gadgets), pads)
    return { answer: concatBytes(payload, eta, mu), shares: [encode(-c0), encode(-c1)] }
  },

  finish(vsid, gadgets, rows, choices, answer) {
    const count = TRANSFERS * WIDTH
    const numbers = Array.from({ length: count + 1 }, (_, i) => bytesToNumberBE(answer.subarray(32 * i, 32 * (i + 1))))
    if (numbers.some((value) => value >= Fn.ORDER)) throw new CodecError('a number is not below the group order')
    const eta = numbers[count] as bigint
    const theta = deriveTheta(vsid, answer.subarray(0, 32 * count))
    const opened = hashPads(vsid, rows, new Uint8Array(ROW_BYTES)).map((row, j) => {
      const choice = BigInt(bit(choices, j))
      return row.map((pad, k) => pad + choice * (numbers[WIDTH * j + k] as bigint))
    })
    const mu = deriveMu(
      vsid,
      opened.map((row, j) => combine(row, theta) - BigInt(bit(choices, j)) * eta),
    )
    if (!equalBytes(mu, answer.subarray(32 * (count + 1)))) return undefined
    const [d0, d1] = fold(decodeGadgets(gadgets), opened)
    return [encode(d0), encode(d1)]
  },
}
