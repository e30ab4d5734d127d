import type { Scalar } from '../../../curve/group.ts'
import { wipe } from '../../../util/bytes.ts'
import { CodecError } from '../../../util/codec.ts'
import { voleFinish, voleMultiply, voleStart } from '../../../wasm/ot.ts'
import type { VoleArithmetic } from './arithmetic.ts'
import { EXTENSION_BYTES, PRODUCT_BYTES, ROW_BYTES, TRANSFERS } from './parameters.ts'
import { batchTagDigests } from './tagged-batch.ts'

/** Splits concatenated scalars and wipes the bytes. The module returns reduced scalars only. */
function scalarsOf(bytes: Uint8Array): Scalar[] {
  const scalars = Array.from({ length: bytes.length / 32 }, (_, i) => bytes.slice(32 * i, 32 * (i + 1)) as Scalar)
  wipe(bytes)
  return scalars
}

/** The vector OLE on the WebAssembly backend. */
export const wasmVole: VoleArithmetic = {
  start(esid, seeds, choices) {
    return voleStart(batchTagDigests(), esid, seeds, choices, { message: EXTENSION_BYTES, rows: TRANSFERS * ROW_BYTES })
  },

  multiply(esid, vsid, seeds, delta, message, factors) {
    const all = { labels: batchTagDigests(), esid, vsid, seeds, delta, message, factors }
    const { status, response, shares } = voleMultiply(all, PRODUCT_BYTES)
    return status === 'ok' ? { response, shares: scalarsOf(shares) as [Scalar, Scalar] } : undefined
  },

  finish(vsid, { rows, transcript }, choices, response) {
    const { status, results } = voleFinish(batchTagDigests(), vsid, rows, choices, transcript, response)
    if (status === 'invalid') throw new CodecError('a number is not below the group order')
    if (status !== 'ok') return undefined
    const [factor, ...shares] = scalarsOf(results) as [Scalar, Scalar, Scalar]
    return { factor, shares }
  },
}
