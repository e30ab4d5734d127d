import type { Curve } from '../../types.ts'
import { lengthOf } from '../../util/bytes.ts'
import type { Point, Scalar } from '../group.ts'

// This backend represents a point as its affine x and y, 32 little-endian bytes each. The identity is all zeros on
// secp256k1, where no point has these coordinates, and (0, 1) on ed25519.

export const SCALAR_BYTES = 32
export const POINT_BYTES = 64

/** Maximum number of scalars or points in one call. assembly/memory.ts has room for as many. */
export const BATCH = 256

/** The bytes of a point. @throws {TypeError | RangeError} if it is not a point of this backend */
export function coordinates(point: Point): Uint8Array {
  return ofLength(point, POINT_BYTES, 'a point of this backend')
}

/** Compares the first bytes of two arrays without an early exit, whatever their `length` says. */
export function equalFirst(length: number, a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0
  for (let i = 0; i < length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

/** Marks bytes of the module as a point. */
export function asPoint(bytes: Uint8Array): Point {
  return bytes as unknown as Point
}

/** The bytes of a scalar. @throws {TypeError | RangeError} if they are not 32 bytes */
export function scalarBytes(scalar: Scalar): Uint8Array {
  return ofLength(scalar, SCALAR_BYTES, 'scalar')
}

/**
 * Asserts the real length of bytes. Not `abytes`, whose new view takes longer than a call of the module.
 * {@link callModule} copies bytes by their real length; what reads them here must not ask for their `length`, which a
 * property may hide.
 */
function ofLength(bytes: unknown, length: number, name: string): Uint8Array {
  const actual = lengthOf(bytes, name)
  if (actual !== length) throw new RangeError(`${name} must be ${length} bytes, got ${actual}`)
  return bytes as Uint8Array
}

/** The number 0 ≤ value < 2^32 in the curve's byte order. */
export function smallScalar(curve: Curve, value: number): Scalar {
  const bytes = new Uint8Array(SCALAR_BYTES)
  const view = new DataView(bytes.buffer)
  if (curve === 'secp256k1') view.setUint32(SCALAR_BYTES - 4, value)
  else view.setUint32(0, value, true)
  return bytes as Scalar
}

/** The bytes of the identity. */
export function identityBytes(curve: Curve): Uint8Array {
  const bytes = new Uint8Array(POINT_BYTES)
  if (curve === 'ed25519') bytes[32] = 1
  return bytes
}

/** Evaluation points as u32, little-endian. */
export function idBytes(ids: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * ids.length)
  for (const [i, id] of ids.entries()) for (let j = 0; j < 4; j++) bytes[4 * i + j] = id >>> (8 * j)
  return bytes
}

/** Splits concatenated results of `length` bytes each. Each becomes a copy. */
export function chunksOf(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: bytes.length / length }, (_, i) => bytes.slice(i * length, (i + 1) * length))
}

/** Runs `map` on ranges of at most `size` indices, from 0 to `count`, and concatenates the results. */
export function inBatches<T>(count: number, size: number, map: (from: number, to: number) => T[]): T[] {
  const results: T[] = []
  for (let from = 0; from < count; from += size) results.push(...map(from, Math.min(from + size, count)))
  return results
}

/** @throws {RangeError} for different numbers of points and scalars */
export function assertPairs(points: readonly unknown[], scalars: readonly unknown[]): void {
  if (points.length !== scalars.length) {
    throw new RangeError(`${points.length} points do not pair with ${scalars.length} scalars`)
  }
}
