import { POINT_SCRATCH } from '../memory'
import { Secp256k1 } from '../field/curve'
import { conditionalCopy, extract, insert, Pair, set, Single, size, spread } from '../field/lanes'
import * as lanes from '../field/lanes'
import { reverse, unpack } from '../field/limbs'
import { conditionalNegateCarried, normalize, zeroMask } from '../field/prime'
import * as prime from '../field/prime'
import { BATCH_STRIDE, loadPoint } from './affine'
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
import { add, copy, multiply, QUAD_BYTES, raise, square, subtractCarried } from './quad'
import * as quad from './quad'

/**
 * The last two steps of secp256k1_XMD:SHA-256_SSWU_RO_ (RFC 9380 §8.7) on expanded messages: hashing to the field, and the
 * simplified SWU map to an isogenous curve. Constant time: a message may contain a choice of an oblivious transfer.
 *
 * Two messages are hashed at once, in the halves of a quad. The two field elements of a message are in the lanes of its half.
 */

type C = Secp256k1

/** Bytes of an expanded message: two elements with L = 48. */
export const UNIFORM_BYTES: usize = 96
const ELEMENT_BYTES: usize = 48

const SCRATCH = memory.data(4928, 16)
const SCRATCH_BYTES: usize = 4928


@inline
function slot(i: usize): usize {
  return SCRATCH + i * QUAD_BYTES
}

const ZERO: usize = slot(0)
const U: usize = slot(1)
const NUMERATOR: usize = slot(2)
const DENOMINATOR: usize = slot(3)
const Y: usize = slot(4)
/** X, Y and Z, a quad each. */
const POINTS: usize = slot(5)
const MONOMIALS: usize = slot(13)
const POWERS: usize = slot(19)
/** Two Jacobian points as Pairs, x and y as Singles, and 32 bytes. */
const SUM: usize = slot(27)
const ADDEND: usize = SUM + 3 * 80
const XY: usize = ADDEND + 3 * 80
const BYTES: usize = XY + 2 * 48

/** r = a, carried. */
@inline
function carry(r: usize, a: usize): void {
  subtractCarried(r, a, ZERO)
}

/** r = a·constant. The constant is a Pair with the same value in both lanes. */
function multiplyBy(r: usize, a: usize, constant: usize): void {
  prime.multiply<C, Pair>(r, a, constant)
  prime.multiply<C, Pair>(r + size<Pair>(), a + size<Pair>(), constant)
}

/** r = mask ? −a : a for a carried Pair a. */
function conditionalNegatePair(r: usize, a: usize, mask: v128): void {
  conditionalNegateCarried<C, Pair>(r, a, mask)
}

/**
 * Hashes `count` expanded messages, an even number, to Jacobian points, {@link BATCH_STRIDE} apart.
 *
 * @param uniform the expanded messages, 96 bytes each
 */
export function mapToCurve(points: usize, uniform: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i += 2) {
    mapTwo(uniform + i * UNIFORM_BYTES)
    extractTwo(points + i * BATCH_STRIDE)
  }
}

/**
 * Hashes two expanded messages, and adds a stored point other than the identity to each hash. If `sign` is all ones, the
 * hashes are negated first.
 */
export function mapTwoAndAdd(points: usize, uniform: usize, first: usize, second: usize, sign: i32): void {
  mapTwo(uniform)
  const y = SUM + size<Pair>()
  conditionalNegatePair(y, y, spread<Pair>(sign, sign))
  loadAddend(first, 0)
  loadAddend(second, 1)
  set<Pair>(ADDEND + 2 * size<Pair>(), 1)
  addComplete<Pair>(SUM, ADDEND)
  extractTwo(points)
}

function loadAddend(point: usize, lane: usize): void {
  loadPoint(XY, point)
  insert(ADDEND, XY, lane)
  insert(ADDEND + size<Pair>(), XY + size<Single>(), lane)
}

/** SUM = the hashes of two expanded messages, one in each lane. */
function mapTwo(uniform: usize): void {
  quad.set(ZERO, 0)
  for (let half: usize = 0; half < 2; half++) {
    const u = U + half * size<Pair>()
    loadElement(u, uniform + half * UNIFORM_BYTES, 0)
    loadElement(u, uniform + half * UNIFORM_BYTES + ELEMENT_BYTES, 1)
  }
  mapToIsogenous()
  toCurve()
  for (let c: usize = 0; c < 3; c++) splitLanes(c * size<Pair>(), POINTS + c * QUAD_BYTES)
  addComplete<Pair>(SUM, ADDEND)
}

/** Copies lane A of both halves of a quad to a coordinate of SUM, and lane B to a coordinate of ADDEND. */
function splitLanes(offset: usize, quad: usize): void {
  for (let i: usize = 0; i < size<Pair>(); i += 16) {
    const a = v128.load(quad + i)
    const b = v128.load(quad + size<Pair>() + i)
    v128.store(SUM + offset + i, v128.shuffle<u32>(a, b, 0, 4, 2, 6))
    v128.store(ADDEND + offset + i, v128.shuffle<u32>(a, b, 1, 5, 3, 7))
  }
}

/** The points in the lanes of SUM, as Singles. */
function extractTwo(points: usize): void {
  for (let c: usize = 0; c < 3; c++) {
    extract(points + c * size<Single>(), SUM + c * size<Pair>(), 0)
    extract(points + BATCH_STRIDE + c * size<Single>(), SUM + c * size<Pair>(), 1)
  }
}

/** Wipes the work space. Callers of the functions above call it, and `wipeScratch`. */
export function wipeMap(): void {
  memory.fill(SCRATCH, 0, SCRATCH_BYTES)
}

/** hash_to_field (RFC 9380 §5.2): loads 48 big-endian bytes modulo p into a lane of u. */
function loadElement(u: usize, bytes: usize, lane: usize): void {
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
  prime.multiply<C, Single>(high, high, POINT_SCRATCH + 2 * size<Single>())
  lanes.add<Single>(high, high, low)
  normalize<C>(high, high)
  insert(u, high, lane)
}

/** The parity of each lane of canonical elements, as a mask. */
@inline
function canonicalParity(a: usize): v128 {
  return spread<Pair>(-(<i32>(load<u32>(a) & 1)), -(<i32>(load<u32>(a, 4) & 1)))
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

/**
 * map_to_curve_simple_swu as the straight-line program of RFC 9380 §F.2, from U to NUMERATOR/DENOMINATOR and Y. The square
 * root is that of RFC 9380 §F.2.1.2: √(u/v) if it exists, else √(Z·u/v).
 */
function mapToIsogenous(): void {
  const tv1 = slot(6)
  const tv2 = slot(7)
  const tv3 = slot(8)
  const tv5 = slot(9)
  const tv6 = slot(10)
  const root = slot(11)
  const product = slot(12)
  const zeta = slot(12)
  square(tv1, U)
  multiplyBy(tv1, tv1, MAP_Z)
  square(tv2, tv1)
  add(tv2, tv2, tv1)
  carry(tv2, tv2)
  quad.set(tv3, 1)
  add(tv3, tv3, tv2)
  // Z if tv2 is zero, since tv3 is one then. For any other tv2 the value is not used.
  multiplyBy(zeta, tv3, MAP_Z)
  multiplyBy(tv3, tv3, CURVE_B)
  for (let half: usize = 0; half < QUAD_BYTES; half += size<Pair>()) {
    const isZero = zeroMask<C, Pair>(tv2 + half)
    conditionalNegatePair(DENOMINATOR + half, tv2 + half, i64x2.splat(-1))
    conditionalCopy<Pair>(DENOMINATOR + half, zeta + half, isZero)
  }
  multiplyBy(DENOMINATOR, DENOMINATOR, CURVE_A)
  square(tv2, tv3)
  square(tv6, DENOMINATOR)
  multiplyBy(tv5, tv6, CURVE_A)
  add(tv2, tv2, tv5)
  multiply(tv2, tv2, tv3)
  multiply(tv6, tv6, DENOMINATOR)
  multiplyBy(tv5, tv6, CURVE_B)
  add(tv2, tv2, tv5)
  carry(tv2, tv2)
  multiply(NUMERATOR, tv1, tv3)

  square(root, tv6)
  multiply(product, tv2, tv6)
  multiply(root, root, product)
  raise(root, POWERS)
  multiply(root, root, product)
  square(product, root)
  multiply(product, product, tv6)
  subtractCarried(product, product, tv2)
  multiply(Y, tv1, U)
  multiply(Y, Y, root)
  multiplyBy(Y, Y, ROOT_OF_MINUS_Z)
  for (let half: usize = 0; half < QUAD_BYTES; half += size<Pair>()) {
    const isSquare = zeroMask<C, Pair>(product + half)
    conditionalCopy<Pair>(NUMERATOR + half, tv3 + half, isSquare)
    conditionalCopy<Pair>(Y + half, root + half, isSquare)
    const sign = v128.xor(canonicalParity(U + half), parity(Y + half))
    conditionalNegatePair(Y + half, Y + half, sign)
  }
}

/** sum = Σ coefficients_k·MONOMIALS_k, plus the highest monomial if its leading coefficient 1 is not in the table. */
function evaluate(sum: usize, coefficients: usize, count: usize, leading: usize): void {
  const term = slot(12)
  if (leading != 0) copy(sum, leading)
  else quad.set(sum, 0)
  for (let k: usize = 0; k < count; k++) {
    multiplyBy(term, MONOMIALS + k * QUAD_BYTES, coefficients + k * size<Pair>())
    add(sum, sum, term)
    carry(sum, sum)
  }
}

/**
 * iso_map (RFC 9380 §E.1) of (NUMERATOR/DENOMINATOR, Y) to Jacobian coordinates in the three slots of POINTS. If a
 * denominator of the map is zero, so is Z: the result is the identity.
 */
function toCurve(): void {
  // D³, X·D², X²·D, X³
  const cubeD = MONOMIALS
  const linear = MONOMIALS + QUAD_BYTES
  const quadratic = MONOMIALS + 2 * QUAD_BYTES
  const cubeX = MONOMIALS + 3 * QUAD_BYTES
  square(cubeD, DENOMINATOR)
  square(cubeX, NUMERATOR)
  multiply(linear, cubeD, NUMERATOR)
  multiply(quadratic, cubeX, DENOMINATOR)
  multiply(cubeD, cubeD, DENOMINATOR)
  multiply(cubeX, cubeX, NUMERATOR)

  const xNumerator = slot(8)
  const xDenominator = slot(9)
  const yNumerator = slot(10)
  const yDenominator = slot(11)
  evaluate(xNumerator, X_NUMERATOR, 4, 0)
  evaluate(xDenominator, X_DENOMINATOR, 2, quadratic)
  evaluate(yNumerator, Y_NUMERATOR, 4, 0)
  evaluate(yDenominator, Y_DENOMINATOR, 3, cubeX)

  // Z = xd·yd, so that x = xn/xd is xn·xd·yd²/Z² and y·yn/yd is y·yn·xd³·yd²/Z³.
  const x = POINTS
  const y = POINTS + QUAD_BYTES
  const z = POINTS + 2 * QUAD_BYTES
  multiply(z, xDenominator, yDenominator)
  multiply(x, z, yDenominator)
  multiply(yNumerator, yNumerator, x)
  multiply(x, x, xNumerator)
  square(xDenominator, xDenominator)
  multiply(y, yNumerator, xDenominator)
  multiply(y, y, Y)
}
