import { POINT_SCRATCH, WORK, wipeScratch } from '../memory'
import { Secp256k1 } from '../field/curve'
import { add, conditionalCopy, copy, extract, insert, Pair, set, Single, size, spread } from '../field/lanes'
import { reverse, unpack } from '../field/limbs'
import { conditionalNegateCarried, multiply, normalize, square, subtractCarried, zeroMask } from '../field/prime'
import { BATCH_STRIDE, storeJacobian } from './affine'
import {
  CURVE_A,
  CURVE_B,
  MAP_Z,
  ROOT_OF_MINUS_Z,
  X_DENOMINATOR,
  X_NUMERATOR,
  Y_DENOMINATOR,
  Y_NUMERATOR,
} from './isogeny.gen'
import { addComplete } from './point'

/**
 * The last two steps of secp256k1_XMD:SHA-256_SSWU_RO_ (RFC 9380 §8.7) on expanded messages: to the field, and to the
 * curve by the simplified SWU map of an isogenous curve. Constant time: messages may hold a choice of oblivious transfer.
 *
 * The two field elements of a message lie in the two lanes.
 */

type C = Secp256k1

/** Expanded bytes of a message: two elements of L = 48. */
export const UNIFORM_BYTES: usize = 96
const ELEMENT_BYTES: usize = 48

const SCRATCH = memory.data(2560, 16)
const SCRATCH_BYTES: usize = 2560

/** A slot of a Pair. */
@inline
function slot(i: usize): usize {
  return SCRATCH + i * size<Pair>()
}

const ZERO: usize = slot(0)
const U: usize = slot(1)
const NUMERATOR: usize = slot(2)
const DENOMINATOR: usize = slot(3)
const Y: usize = slot(4)
const POWER: usize = slot(5)
const MONOMIALS: usize = slot(13)
/** Two Jacobian points, Single. */
const SUMMANDS: usize = slot(24)
const BYTES: usize = slot(28)

/** r = a reduced below the bound of a carried element. */
@inline
function carry(r: usize, a: usize): void {
  subtractCarried<C, Pair>(r, a, ZERO)
}

/**
 * Hashes `count` expanded messages to stored points.
 *
 * @param uniform 96 bytes each
 * @param out 64 bytes each
 */
export function mapToCurve(out: usize, uniform: usize, count: i32): void {
  set<Pair>(ZERO, 0)
  for (let i: usize = 0; i < <usize>count; i++) {
    const bytes = uniform + i * UNIFORM_BYTES
    loadElement(bytes, 0)
    loadElement(bytes + ELEMENT_BYTES, 1)
    mapToIsogenous()
    toCurve()
    const sum = WORK + i * BATCH_STRIDE
    for (let c: usize = 0; c < 3; c++) {
      extract(sum + c * size<Single>(), POWER + c * size<Pair>(), 0)
      extract(SUMMANDS + c * size<Single>(), POWER + c * size<Pair>(), 1)
    }
    addComplete<Single>(sum, SUMMANDS)
  }
  storeJacobian(out, WORK, count)
  memory.fill(WORK, 0, <usize>count * BATCH_STRIDE)
  memory.fill(SCRATCH, 0, SCRATCH_BYTES)
  wipeScratch()
}

/** hash_to_field (RFC 9380 §5.2): 48 big-endian bytes modulo p, into a lane of U. */
function loadElement(bytes: usize, lane: usize): void {
  const low = POINT_SCRATCH
  const high = POINT_SCRATCH + size<Single>()
  reverse(BYTES, bytes + 16)
  unpack(low, BYTES)
  memory.fill(BYTES, 0, 32)
  // Sixteen bytes, in little-endian order.
  store<u64>(BYTES, bswap<u64>(load<u64>(bytes, 8)))
  store<u64>(BYTES, bswap<u64>(load<u64>(bytes)), 8)
  unpack(high, BYTES)
  // 2^256 = 2^32 + 977
  set<Single>(POINT_SCRATCH + 2 * size<Single>(), 977)
  store<u32>(POINT_SCRATCH + 2 * size<Single>(), 8, 4)
  multiply<C, Single>(high, high, POINT_SCRATCH + 2 * size<Single>())
  add<Single>(high, high, low)
  normalize<C>(high, high)
  insert(U, high, lane)
}

/** The parity of each lane, as a mask. */
function parity(a: usize): v128 {
  extract(POINT_SCRATCH, a, 0)
  normalize<C>(POINT_SCRATCH, POINT_SCRATCH)
  const first = -(<i32>(load<u32>(POINT_SCRATCH) & 1))
  extract(POINT_SCRATCH, a, 1)
  normalize<C>(POINT_SCRATCH, POINT_SCRATCH)
  return spread<Pair>(first, -(<i32>(load<u32>(POINT_SCRATCH) & 1)))
}

/** map_to_curve_simple_swu in the straight line of RFC 9380 §F.2: U to NUMERATOR/DENOMINATOR and Y. */
function mapToIsogenous(): void {
  const tv1 = slot(6)
  const tv2 = slot(7)
  const tv3 = slot(8)
  const tv5 = slot(9)
  const tv6 = slot(10)
  const root = slot(11)
  square<C, Pair>(tv1, U)
  multiply<C, Pair>(tv1, tv1, MAP_Z)
  square<C, Pair>(tv2, tv1)
  add<Pair>(tv2, tv2, tv1)
  carry(tv2, tv2)
  set<Pair>(tv3, 1)
  add<Pair>(tv3, tv3, tv2)
  multiply<C, Pair>(tv3, tv3, CURVE_B)
  const isZero = zeroMask<C, Pair>(tv2)
  conditionalNegateCarried<C, Pair>(DENOMINATOR, tv2, i64x2.splat(-1))
  conditionalCopy<Pair>(DENOMINATOR, MAP_Z, isZero)
  multiply<C, Pair>(DENOMINATOR, DENOMINATOR, CURVE_A)
  square<C, Pair>(tv2, tv3)
  square<C, Pair>(tv6, DENOMINATOR)
  multiply<C, Pair>(tv5, CURVE_A, tv6)
  add<Pair>(tv2, tv2, tv5)
  multiply<C, Pair>(tv2, tv2, tv3)
  multiply<C, Pair>(tv6, tv6, DENOMINATOR)
  multiply<C, Pair>(tv5, CURVE_B, tv6)
  add<Pair>(tv2, tv2, tv5)
  carry(tv2, tv2)
  multiply<C, Pair>(NUMERATOR, tv1, tv3)
  const isSquare = squareRootOfRatio(root, tv2, tv6)
  multiply<C, Pair>(Y, tv1, U)
  multiply<C, Pair>(Y, Y, root)
  conditionalCopy<Pair>(NUMERATOR, tv3, isSquare)
  conditionalCopy<Pair>(Y, root, isSquare)
  conditionalNegateCarried<C, Pair>(Y, Y, v128.xor(parity(U), parity(Y)))
}

/** r = √(u/v) in the lanes where it exists, which the result tells, else √(Z·u/v) (RFC 9380 §F.2.1.2). */
function squareRootOfRatio(r: usize, u: usize, v: usize): v128 {
  const product = slot(12)
  const other = slot(13)
  square<C, Pair>(r, v)
  multiply<C, Pair>(product, u, v)
  multiply<C, Pair>(r, r, product)
  raise(r)
  multiply<C, Pair>(r, r, product)
  multiply<C, Pair>(other, r, ROOT_OF_MINUS_Z)
  square<C, Pair>(product, r)
  multiply<C, Pair>(product, product, v)
  subtractCarried<C, Pair>(product, product, u)
  const isSquare = zeroMask<C, Pair>(product)
  conditionalCopy<Pair>(other, r, isSquare)
  copy<Pair>(r, other)
  return isSquare
}

/** r = a^(2^n)·b, for a b that is not r. */
function squareTimesMultiply(r: usize, a: usize, n: i32, b: usize): void {
  square<C, Pair>(r, a)
  for (let i = 1; i < n; i++) square<C, Pair>(r, r)
  multiply<C, Pair>(r, r, b)
}

/** r = r^((p−3)/4). The exponent in binary is 223 ones, 0, 22 ones, 00001, 011; xN stands for r to the power of N ones. */
function raise(r: usize): void {
  const x1 = slot(14)
  const x2 = slot(15)
  const x3 = slot(16)
  const x6 = slot(17)
  const x11 = slot(18)
  const x22 = slot(19)
  const x44 = slot(20)
  const x88 = slot(21)
  copy<Pair>(x1, r)
  squareTimesMultiply(x2, x1, 1, x1)
  squareTimesMultiply(x3, x2, 1, x1)
  squareTimesMultiply(x6, x3, 3, x3)
  squareTimesMultiply(r, x6, 3, x3)
  squareTimesMultiply(x11, r, 2, x2)
  squareTimesMultiply(x22, x11, 11, x11)
  squareTimesMultiply(x44, x22, 22, x22)
  squareTimesMultiply(x88, x44, 44, x44)
  squareTimesMultiply(r, x88, 88, x88)
  squareTimesMultiply(r, r, 44, x44)
  squareTimesMultiply(r, r, 3, x3)
  squareTimesMultiply(r, r, 23, x22)
  squareTimesMultiply(r, r, 5, x1)
  squareTimesMultiply(r, r, 3, x2)
}

/** sum = Σ coefficients_k·MONOMIALS_k, plus the highest monomial where the leading coefficient 1 is left out. */
function evaluate(sum: usize, coefficients: usize, count: usize, first: usize, leading: usize): void {
  const term = slot(12)
  set<Pair>(sum, 0)
  if (leading != 0) copy<Pair>(sum, leading)
  for (let k: usize = 0; k < count; k++) {
    multiply<C, Pair>(term, coefficients + k * size<Pair>(), first + k * size<Pair>())
    add<Pair>(sum, sum, term)
    carry(sum, sum)
  }
}

/**
 * iso_map (RFC 9380 §E.1) of (NUMERATOR/DENOMINATOR, Y) to Jacobian coordinates in the three slots of POWER. Where a
 * denominator of the map is zero, Z is: the identity.
 */
function toCurve(): void {
  // D³, X·D², X²·D, X³
  const cubeD = MONOMIALS
  const linear = MONOMIALS + size<Pair>()
  const quadratic = MONOMIALS + 2 * size<Pair>()
  const cubeX = MONOMIALS + 3 * size<Pair>()
  square<C, Pair>(cubeD, DENOMINATOR)
  square<C, Pair>(cubeX, NUMERATOR)
  multiply<C, Pair>(linear, cubeD, NUMERATOR)
  multiply<C, Pair>(quadratic, cubeX, DENOMINATOR)
  multiply<C, Pair>(cubeD, cubeD, DENOMINATOR)
  multiply<C, Pair>(cubeX, cubeX, NUMERATOR)

  const xNumerator = slot(8)
  const xDenominator = slot(9)
  const yNumerator = slot(10)
  const yDenominator = slot(11)
  evaluate(xNumerator, X_NUMERATOR, 4, MONOMIALS, 0)
  evaluate(xDenominator, X_DENOMINATOR, 2, MONOMIALS, quadratic)
  evaluate(yNumerator, Y_NUMERATOR, 4, MONOMIALS, 0)
  evaluate(yDenominator, Y_DENOMINATOR, 3, MONOMIALS, cubeX)

  // Z = xd·yd, so that x = xn/xd is xn·xd·yd²/Z² and y·yn/yd is y·yn·xd³·yd²/Z³.
  const x = POWER
  const y = POWER + size<Pair>()
  const z = POWER + 2 * size<Pair>()
  multiply<C, Pair>(z, xDenominator, yDenominator)
  multiply<C, Pair>(x, z, yDenominator)
  multiply<C, Pair>(yNumerator, yNumerator, x)
  multiply<C, Pair>(x, x, xNumerator)
  square<C, Pair>(xDenominator, xDenominator)
  multiply<C, Pair>(y, yNumerator, xDenominator)
  multiply<C, Pair>(y, y, Y)
}
