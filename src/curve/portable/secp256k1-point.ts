import { canonical, equal, fold, invert, P } from './field.ts'

/** A point of y² = x³ + 7 in homogeneous coordinates, X/Z and Y/Z; the identity is (0 : Y : 0). */
export interface Secp256k1Point {
  readonly x: bigint
  readonly y: bigint
  readonly z: bigint
}

export const IDENTITY: Secp256k1Point = { x: 0n, y: 1n, z: 0n }

export const GENERATOR: Secp256k1Point = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  z: 1n,
}

// The complete formulas of Renes, Costello and Batina (eprint 2015/1060, Algorithms 7 and 9): they hold for every two points,
// so nothing depends on which they are. 3·b = 21.

export function add(a: Secp256k1Point, b: Secp256k1Point): Secp256k1Point {
  const xx = fold(a.x * b.x)
  const yy = fold(a.y * b.y)
  const zz = fold(a.z * b.z)
  const xy = fold((a.x + a.y) * (b.x + b.y)) - xx - yy
  const yz = fold((a.y + a.z) * (b.y + b.z)) - yy - zz
  const xz = fold((a.x + a.z) * (b.x + b.z)) - xx - zz
  const sum = yy + 21n * zz
  const difference = yy - 21n * zz
  return {
    x: fold(xy * difference - 21n * yz * xz),
    y: fold(difference * sum + 63n * xx * xz),
    z: fold(sum * yz + 3n * xx * xy),
  }
}

export function double({ x, y, z }: Secp256k1Point): Secp256k1Point {
  const yy = fold(y * y)
  const zz = 21n * fold(z * z)
  const difference = yy - 3n * zz
  return {
    x: fold(2n * difference * fold(x * y)),
    y: fold(8n * yy * zz + difference * (yy + zz)),
    z: fold(8n * yy * fold(y * z)),
  }
}

export function negate({ x, y, z }: Secp256k1Point): Secp256k1Point {
  return { x, y: -y, z }
}

export function isIdentity({ z }: Secp256k1Point): boolean {
  return canonical(z) === 0n
}

export function equalPoints(a: Secp256k1Point, b: Secp256k1Point): boolean {
  return (equal(a.x * b.z, b.x * a.z) & equal(a.y * b.z, b.y * a.z)) === 1n
}

/** The affine coordinates of points, none of which is the identity, with one inversion. */
export function toAffine(points: readonly Secp256k1Point[]): (readonly [x: bigint, y: bigint])[] {
  const products: bigint[] = []
  let product = 1n
  for (const { z } of points) {
    products.push(product)
    product = fold(product * z)
  }
  let inverse = invert(product)
  const affine: (readonly [bigint, bigint])[] = []
  for (let i = points.length - 1; i >= 0; i--) {
    const { x, y, z } = points[i]!
    const inverseZ = fold(inverse * products[i]!)
    affine.push([canonical(x * inverseZ), canonical(y * inverseZ)])
    inverse = fold(inverse * z)
  }
  return affine.reverse()
}

/** Whether affine coordinates are those of a point. */
export function isOnCurve(x: bigint, y: bigint): boolean {
  return x < P && y < P && equal(y * y, x * x * x + 7n) === 1n
}
