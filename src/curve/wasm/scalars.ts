import type { Curve } from '../../types.ts'
import { abytes, equalBytes, wipe } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import { callModule, type Run } from '../../wasm/call.ts'
import { CallStatus } from '../../wasm/instance.ts'
import type { Group, Scalar } from '../group.ts'
import { equalFirst, SCALAR_BYTES, scalarBytes, smallScalar } from './encoding.ts'

type Scalars = Pick<
  Group,
  | 'wideLength'
  | 'isSlow'
  | 'decodeScalar'
  | 'scalar'
  | 'reduce'
  | 'randomScalar'
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'negate'
  | 'invert'
  | 'isZero'
  | 'equalScalars'
>

/** The scalar operations of a {@link Group}, on the WebAssembly module. */
export function scalarOperations(curve: Curve): Scalars {
  const wideLength = curve === 'secp256k1' ? 48 : 64
  const zero = smallScalar(curve, 0)

  const reduce = (wide: Uint8Array): Scalar => {
    abytes(wide, wideLength, 'wide')
    return callModule(curve, SCALAR_BYTES, [wide], (core, r, at) => core.reduceWide(r, at)).bytes as Scalar
  }
  const binary = (a: Scalar, b: Scalar, run: Run): Scalar =>
    callModule(curve, SCALAR_BYTES, [scalarBytes(a), scalarBytes(b)], run).bytes as Scalar
  const subtract = (a: Scalar, b: Scalar): Scalar => binary(a, b, (core, r, x, y) => core.subtractScalars(r, x, y))

  return {
    wideLength,
    isSlow: false,

    decodeScalar(encoded, { allowZero = false } = {}) {
      const bytes = abytes(encoded, undefined, 'scalar')
      if (bytes.length !== SCALAR_BYTES) throw new CodecError('a scalar is 32 bytes')
      const { status } = callModule(curve, 0, [bytes], (core, _, at) => core.checkScalar(at))
      if (status === CallStatus.invalid) throw new CodecError('scalar is not below the group order')
      if (status === CallStatus.undefined && !allowZero) throw new CodecError('scalar is zero')
      // Not `slice`: for a Buffer of Node.js it returns a view.
      return new Uint8Array(bytes) as Scalar
    },

    scalar(value) {
      if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
        throw new RangeError(`small scalar must be 0..2^32-1, got ${value}`)
      }
      return smallScalar(curve, value)
    },

    reduce,

    randomScalar(random) {
      const wide = random(wideLength)
      try {
        const scalar = reduce(wide)
        // A good source gives zero once in 2^252 calls. No new draw: with a broken source it would never end.
        if (equalBytes(scalar, zero)) throw new RangeError('the random source gave a zero scalar')
        return scalar
      } finally {
        wipe(wide)
      }
    },

    add: (a, b) => binary(a, b, (core, r, x, y) => core.addScalars(r, x, y)),
    subtract,
    multiply: (a, b) => binary(a, b, (core, r, x, y) => core.multiplyScalars(r, x, y)),
    negate: (a) => subtract(zero, a),

    invert(a) {
      const { status, bytes } = callModule(curve, SCALAR_BYTES, [scalarBytes(a)], (core, r, at) =>
        core.invertScalar(r, at),
      )
      if (status === CallStatus.undefined) throw new RangeError('zero has no inverse')
      return bytes as Scalar
    },

    isZero: (a) => equalFirst(SCALAR_BYTES, scalarBytes(a), zero),
    equalScalars: (a, b) => equalFirst(SCALAR_BYTES, scalarBytes(a), scalarBytes(b)),
  }
}
