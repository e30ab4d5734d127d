import { fold, P } from './field.ts'
import { add, double, GENERATOR, IDENTITY, negate, type Secp256k1Point } from './secp256k1-point.ts'

// Multiplication by windows of four bits with the signed digits −8 … 7. The sequence of operations does not depend on the
// scalar, and every entry of a table is read for each digit. So it is as constant-time as big integers are.

/** The order n. */
export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** Windows of a number below 2^256, and of the numbers that {@link split} gives. */
const FULL_WINDOWS = 65
const SPLIT_WINDOWS = 33

/** Σ 8·16^i over the windows: added to a number, it makes each base-16 digit v of the sum the signed digit v − 8. */
function offsetOf(windows: number): bigint {
  return (8n * ((1n << BigInt(4 * windows)) - 1n)) / 15n
}

const FULL_OFFSET = /* @__PURE__ */ offsetOf(FULL_WINDOWS)
const SPLIT_OFFSET = /* @__PURE__ */ offsetOf(SPLIT_WINDOWS)

/** The base-16 digits of a number plus its offset, lowest first. */
function digitsOf(sum: bigint, windows: number): number[] {
  const digits: number[] = []
  // Words of 24 bits, since few operations on big integers are faster than many.
  for (let rest = sum; digits.length < windows; rest >>= 24n) {
    const word = Number(rest & 0xffffffn)
    for (let shift = 0; shift < 24; shift += 4) digits.push((word >> shift) & 15)
  }
  return digits.slice(0, windows)
}

// GLV: λ·(x, y) = (β·x, y), and k = s + λ·t mod n with |s| and |t| below 2^128 (libsecp256k1 scalar_impl.h).

const BETA = 0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501een
const A1 = 0x3086d221a7d46bcde86c90e49284eb15n
const MINUS_B1 = 0xe4437ed6010e88286f547fa90abfe4c3n
const A2 = 0x114ca50f7a8e2f3f657c1108d9d44cfd8n
/** round(2^384·b2/n) with b2 = a1, and round(2^384·(−b1)/n) */
const G1 = 0x3086d221a7d46bcde86c90e49284eb153daa8a1471e8ca7fe893209a45dbb031n
const G2 = 0xe4437ed6010e88286f547fa90abfe4c4221208ac9df506c61571b4ae8ac47f71n
const HALF = 1n << 383n

function split(k: bigint): readonly [s: bigint, t: bigint] {
  const c1 = (k * G1 + HALF) >> 384n
  const c2 = (k * G2 + HALF) >> 384n
  return [k - c1 * A1 - c2 * A2, c1 * MINUS_B1 - c2 * A1]
}

/** A point as one number, so that few operations read a whole table: X, Y and Z plus 4·p, of 264 bits each. */
type Packed = bigint

const SHIFTED = 4n * P
const COORDINATE = (1n << 264n) - 1n

function pack({ x, y, z }: Secp256k1Point): Packed {
  return (x + SHIFTED) | ((y + SHIFTED) << 264n) | ((z + SHIFTED) << 528n)
}

/** 0·P … 8·P */
function multiplesOf(point: Secp256k1Point): Secp256k1Point[] {
  const multiples = [IDENTITY, point, double(point)]
  for (let i = 3; i <= 8; i++) multiples.push(add(multiples[i - 1]!, point))
  return multiples
}

const MASKS = [0n, -1n] as const

/** The multiple of a signed digit, v − 8. */
function look(table: readonly Packed[], v: number): Secp256k1Point {
  const sign = (v >> 3) - 1
  const index = ((v - 8) ^ sign) - sign
  let packed = 0n
  for (let i = 0; i <= 8; i++) packed |= table[i]! & MASKS[((i ^ index) - 1) >>> 31]!
  const y = (packed >> 264n) & COORDINATE
  return {
    x: packed & COORDINATE,
    // −y = (y ^ −1) + 1
    y: (y ^ MASKS[sign & 1]!) + BigInt(sign & 1),
    z: packed >> 528n,
  }
}

/** k·P */
export function multiply(point: Secp256k1Point, k: bigint): Secp256k1Point {
  const [s, t] = split(k)
  const sDigits = digitsOf(s + SPLIT_OFFSET, SPLIT_WINDOWS)
  const tDigits = digitsOf(t + SPLIT_OFFSET, SPLIT_WINDOWS)
  const multiples = multiplesOf(point)
  const table = multiples.map(pack)
  const lambdaTable = multiples.map(({ x, y, z }) => pack({ x: fold(x * BETA), y, z }))
  let sum = IDENTITY
  for (let i = SPLIT_WINDOWS - 1; i >= 0; i--) {
    sum = double(double(double(double(sum))))
    sum = add(add(sum, look(table, sDigits[i]!)), look(lambdaTable, tDigits[i]!))
  }
  return sum
}

/** The multiples of 16^i·G for every window i, made at the first use. */
let generatorTables: readonly (readonly Packed[])[] | undefined

function makeGeneratorTables(): readonly (readonly Packed[])[] {
  const tables: Packed[][] = []
  let base = GENERATOR
  for (let i = 0; i < FULL_WINDOWS; i++) {
    const multiples = multiplesOf(base)
    tables.push(multiples.map(pack))
    base = double(multiples[8]!)
  }
  return tables
}

/** k·G */
export function multiplyGenerator(k: bigint): Secp256k1Point {
  generatorTables ??= makeGeneratorTables()
  const digits = digitsOf(k + FULL_OFFSET, FULL_WINDOWS)
  return generatorTables.reduce((sum, table, i) => add(sum, look(table, digits[i]!)), IDENTITY)
}

/** k·P for a small public k. */
export function multiplySmallVar(point: Secp256k1Point, k: number): Secp256k1Point {
  let sum = IDENTITY
  for (let bit = 31 - Math.clz32(k); bit >= 0; bit--) {
    sum = double(sum)
    if (((k >>> bit) & 1) === 1) sum = add(sum, point)
  }
  return sum
}

/** Σ k_i·P_i for public points and scalars, with one chain of doublings. */
export function linearCombinationVar(points: readonly Secp256k1Point[], scalars: readonly bigint[]): Secp256k1Point {
  const terms = points.flatMap((point, i) => {
    const [s, t] = split(scalars[i]!)
    const multiples = multiplesOf(point)
    return [
      { multiples, digits: digitsOf(s + SPLIT_OFFSET, SPLIT_WINDOWS) },
      {
        multiples: multiples.map(({ x, y, z }) => ({ x: fold(x * BETA), y, z })),
        digits: digitsOf(t + SPLIT_OFFSET, SPLIT_WINDOWS),
      },
    ]
  })
  let sum = IDENTITY
  for (let i = SPLIT_WINDOWS - 1; i >= 0; i--) {
    sum = double(double(double(double(sum))))
    for (const { multiples, digits } of terms) {
      const digit = digits[i]! - 8
      if (digit > 0) sum = add(sum, multiples[digit]!)
      if (digit < 0) sum = add(sum, negate(multiples[-digit]!))
    }
  }
  return sum
}
