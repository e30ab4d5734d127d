import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js'
import { CodecError } from '../../util/codec.ts'
import type { PointArithmetic } from './arithmetic.ts'
import { canonical, P, select, squareRoot } from './field.ts'
import { linearCombinationVar, multiply, multiplyGenerator, multiplySmallVar, ORDER } from './secp256k1-multiply.ts'
import {
  add,
  equalPoints,
  GENERATOR,
  IDENTITY,
  isIdentity,
  isOnCurve,
  negate,
  toAffine,
  type Secp256k1Point,
} from './secp256k1-point.ts'

/** SEC 1 §2.3.4, compressed. */
function decode(bytes: Uint8Array): Secp256k1Point {
  const prefix = bytes[0]!
  const x = bytesToNumberBE(bytes.subarray(1))
  if ((prefix !== 2 && prefix !== 3) || x >= P) throw new CodecError('not a canonical encoding of a curve point')
  const root = canonical(squareRoot(canonical(x * x * x + 7n)))
  if (!isOnCurve(x, root)) throw new CodecError('not a canonical encoding of a curve point')
  return { x, y: select(root, P - root, (root ^ BigInt(prefix)) & 1n), z: 1n }
}

function encode(points: readonly Secp256k1Point[]): Uint8Array[] {
  return toAffine(points).map(([x, y]) => {
    const bytes = new Uint8Array(33)
    bytes[0] = 2 + Number(y & 1n)
    bytes.set(numberToBytesBE(x, 32), 1)
    return bytes
  })
}

/** secp256k1 on big integers. */
export const SECP256K1_POINTS: PointArithmetic<Secp256k1Point> = {
  order: ORDER,
  generator: GENERATOR,
  identity: IDENTITY,
  decode,
  encode,
  add,
  negate,
  equal: equalPoints,
  isIdentity,
  hasEvenSign: (point) => (toAffine([point])[0]![1] & 1n) === 0n,
  multiply,
  multiplyGenerator,
  multiplySmallVar,
  linearCombinationVar,
}
