import type { Curve } from '../../../src/types.ts'
import { mod } from '../bigint-scalars.ts'

// Both curves in affine coordinates and integers, written to be read: what the module is checked against, next to
// @noble/curves. Not constant-time, not fast.

/** SEC 2 §2.4.1 and RFC 8032 §5.1. */
export const FIELD: Readonly<Record<Curve, bigint>> = {
  secp256k1: 2n ** 256n - 2n ** 32n - 977n,
  ed25519: 2n ** 255n - 19n,
}

/** 1/value by Euclid's algorithm, for a value that is not 0 modulo the prime. */
function inverse(value: bigint, prime: bigint): bigint {
  let [r0, r1, t0, t1] = [prime, mod(value, prime), 0n, 1n]
  while (r1 !== 0n) {
    const quotient = r0 / r1
    ;[r0, r1, t0, t1] = [r1, r0 - quotient * r1, t1, t0 - quotient * t1]
  }
  return mod(t0, prime)
}

/** An affine point; `undefined` is the identity of secp256k1, (0, 1) that of ed25519. */
export type AffinePoint = { readonly x: bigint; readonly y: bigint } | undefined

export interface AffineCurve {
  readonly prime: bigint
  readonly generator: AffinePoint
  readonly identity: AffinePoint
  contains(point: AffinePoint): boolean
  add(a: AffinePoint, b: AffinePoint): AffinePoint
  negate(a: AffinePoint): AffinePoint
}

const p = FIELD.secp256k1

/** y² = x³ + 7 */
const secp256k1: AffineCurve = {
  prime: p,
  generator: {
    x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
    y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  },
  identity: undefined,
  contains: (point) => point === undefined || mod(point.y ** 2n - point.x ** 3n - 7n, p) === 0n,
  negate: (a) => a && { x: a.x, y: mod(-a.y, p) },
  add(a, b) {
    if (a === undefined) return b
    if (b === undefined) return a
    if (a.x === b.x && mod(a.y + b.y, p) === 0n) return undefined
    const slope = a.x === b.x ? 3n * a.x ** 2n * inverse(2n * a.y, p) : (b.y - a.y) * inverse(b.x - a.x, p)
    const x = mod(slope ** 2n - a.x - b.x, p)
    return { x, y: mod(slope * (a.x - x) - a.y, p) }
  },
}

const q = FIELD.ed25519
const d = mod(-121665n * inverse(121666n, q), q)

/** −x² + y² = 1 + d·x²·y² */
const ed25519: AffineCurve = {
  prime: q,
  generator: {
    x: 0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an,
    y: 0x6666666666666666666666666666666666666666666666666666666666666658n,
  },
  identity: { x: 0n, y: 1n },
  contains: (point) =>
    point !== undefined && mod(point.y ** 2n - point.x ** 2n - 1n - d * point.x ** 2n * point.y ** 2n, q) === 0n,
  negate: (a) => a && { x: mod(-a.x, q), y: a.y },
  add(a, b) {
    if (a === undefined || b === undefined) throw new TypeError('the identity of ed25519 is (0, 1)')
    const cross = mod(d * a.x * b.x * a.y * b.y, q)
    return {
      x: mod((a.x * b.y + b.x * a.y) * inverse(1n + cross, q), q),
      y: mod((a.y * b.y + a.x * b.x) * inverse(1n - cross, q), q),
    }
  },
}

export const AFFINE: Readonly<Record<Curve, AffineCurve>> = { secp256k1, ed25519 }

/** k·P by doubling and adding. */
export function multiplyAffine(curve: AffineCurve, point: AffinePoint, k: bigint): AffinePoint {
  let sum = curve.identity
  let power = point
  for (let rest = k; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = curve.add(sum, power)
    power = curve.add(power, power)
  }
  return sum
}

/** SEC 1 §2.3.3 (compressed) or RFC 8032 §5.1.2. */
export function encodeAffine(curve: Curve, point: AffinePoint): Uint8Array {
  if (point === undefined) throw new RangeError('the identity has no encoding')
  const { x, y } = point
  const value = curve === 'secp256k1' ? x | ((2n | (y & 1n)) << 256n) : y | ((x & 1n) << 255n)
  const length = curve === 'secp256k1' ? 33 : 32
  const bytes = Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
  return curve === 'secp256k1' ? bytes.reverse() : bytes
}
