import type { Scalar } from '../../curve/group.ts'
import { concatBytes, wipe } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import { type OtExports, voleFinish, voleGadgets, voleMultiply, voleStart } from '../../wasm/ot.ts'
import type { VoleArithmetic } from './arithmetic.ts'
import { ROW_BYTES, TRANSFERS, VOLE1_BYTES, VOLE2_BYTES } from './parameters.ts'
import { batchTagDigests } from './tagged-batch.ts'

/** Splits two scalars; wasm gives only reduced ones. */
function pair(bytes: Uint8Array): readonly [Scalar, Scalar] {
  return [bytes.slice(0, 32) as Scalar, bytes.slice(32) as Scalar]
}

/** The vector OLE on the WebAssembly backend. */
export function wasmVole(core: () => OtExports): VoleArithmetic {
  let cached: Uint8Array | undefined
  const labels = (): Uint8Array => (cached ??= batchTagDigests())
  return {
    gadgets: (setId) => voleGadgets(core(), labels(), setId, TRANSFERS),

    start(vsid, gadgets, seeds, choices) {
      const sizes = { message: VOLE1_BYTES, rows: TRANSFERS * ROW_BYTES }
      const { message, rows, chi } = voleStart(core(), labels(), { vsid, gadgets, seeds, choices }, sizes)
      return { message, rows, chi: chi as Scalar }
    },

    multiply(vsid, gadgets, seeds, delta, message, [first, second, check]) {
      const inputs = concatBytes(first, second, check)
      try {
        const input = { vsid, gadgets, seeds, delta, message, inputs }
        const { status, answer, shares } = voleMultiply(core(), labels(), input, VOLE2_BYTES)
        return status === 'ok' ? { answer, shares: pair(shares) } : undefined
      } finally {
        wipe(inputs)
      }
    },

    finish(vsid, gadgets, rows, choices, answer) {
      const { status, shares } = voleFinish(core(), labels(), { vsid, gadgets, rows, choices, answer })
      if (status === 'invalid') throw new CodecError('a number is not below the group order')
      return status === 'ok' ? pair(shares) : undefined
    },
  }
}
