import type { Scalar } from '../../curve/group.ts'
import { concatBytes, wipe } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import { type VoleInput, voleFinish, voleGadgets, voleMultiply, voleStart } from '../../wasm/ot.ts'
import type { VoleArithmetic } from './arithmetic.ts'
import { ROW_BYTES, TRANSFERS, VOLE1_BYTES, VOLE2_BYTES } from './parameters.ts'
import { batchTagDigests } from './tagged-batch.ts'

/** Two scalars from one after the other; wasm gives only reduced ones. */
function split(bytes: Uint8Array): readonly [Scalar, Scalar] {
  try {
    return [bytes.slice(0, 32) as Scalar, bytes.slice(32) as Scalar]
  } finally {
    wipe(bytes)
  }
}

function withLabels(vsid: Uint8Array, gadgets: Uint8Array): VoleInput {
  return { labels: batchTagDigests(), vsid, gadgets }
}

/** The vector OLE on the WebAssembly backend. */
export const wasmVole: VoleArithmetic = {
  gadgets: (setId) => voleGadgets(batchTagDigests(), setId, TRANSFERS),

  start(vsid, gadgets, seeds, choices) {
    const sizes = { message: VOLE1_BYTES, rows: TRANSFERS * ROW_BYTES }
    const { message, rows, chi } = voleStart(withLabels(vsid, gadgets), seeds, choices, sizes)
    return { message, rows, chi: chi as Scalar }
  },

  multiply(vsid, gadgets, seeds, delta, message, [first, second, check]) {
    const inputs = concatBytes(first, second, check)
    try {
      const input = withLabels(vsid, gadgets)
      const { status, answer, shares } = voleMultiply(input, seeds, delta, message, inputs, VOLE2_BYTES)
      return status === 'ok' ? { answer, shares: split(shares) } : undefined
    } finally {
      wipe(inputs)
    }
  },

  finish(vsid, gadgets, rows, choices, answer) {
    const { status, shares } = voleFinish(withLabels(vsid, gadgets), rows, choices, answer)
    if (status === 'invalid') throw new CodecError('a number is not below the group order')
    return status === 'ok' ? split(shares) : undefined
  },
}
