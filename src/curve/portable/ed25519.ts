import { mulAddUnsafe, normalizeZ } from '@noble/curves/abstract/curve.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { CodecError } from '../../util/codec.ts'
import type { PointArithmetic } from './arithmetic.ts'

const { Point } = ed25519
const { BASE, ZERO } = Point

export type Ed25519Point = typeof BASE

// The library rejects a zero scalar and the identity. This interface allows both.
function multiply(point: Ed25519Point, k: bigint): Ed25519Point {
  return k === 0n || point.is0() ? ZERO : point.multiply(k)
}

/** The prime-order group of ed25519 on \@noble/curves. */
export const ED25519_POINTS: PointArithmetic<Ed25519Point> = {
  order: Point.Fn.ORDER,
  generator: BASE,
  identity: ZERO,
  decode(bytes) {
    let point: Ed25519Point
    try {
      point = Point.fromBytes(bytes)
    } catch (cause) {
      throw new CodecError('not a canonical encoding of a curve point', { cause })
    }
    if (point.is0()) throw new CodecError('point is the identity')
    if (!point.isTorsionFree()) throw new CodecError('point is outside the prime-order subgroup')
    return point
  },
  encode: (points) => normalizeZ(Point, [...points]).map((point) => point.toBytes()),
  add: (a, b) => a.add(b),
  negate: (a) => a.negate(),
  equal: (a, b) => a.equals(b),
  isIdentity: (a) => a.is0(),
  hasEvenSign: (a) => (a.x & 1n) === 0n,
  multiply,
  multiplyGenerator: (k) => multiply(BASE, k),
  multiplySmallVar: (a, k) => a.multiplyUnsafe(BigInt(k)),
  linearCombinationVar: (points, scalars) => mulAddUnsafe(Point, [...points], [...scalars]),
}
