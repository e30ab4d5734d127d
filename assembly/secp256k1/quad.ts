import { Secp256k1 } from '../field/curve'
import * as lanes from '../field/lanes'
import { Pair, size } from '../field/lanes'
import * as prime from '../field/prime'

// Four elements as two consecutive Pairs, the halves. A product has to wait for its own carries. The products of the two
// halves are independent, so the processor computes parts of them at the same time.

type C = Secp256k1

export const QUAD_BYTES: usize = 2 * 80

/** r = a·b */
export function multiply(r: usize, a: usize, b: usize): void {
  prime.multiply<C, Pair>(r, a, b)
  prime.multiply<C, Pair>(r + size<Pair>(), a + size<Pair>(), b + size<Pair>())
}

/** r = a² */
export function square(r: usize, a: usize): void {
  prime.square<C, Pair>(r, a)
  prime.square<C, Pair>(r + size<Pair>(), a + size<Pair>())
}

/** r = a + b, not carried. */
export function add(r: usize, a: usize, b: usize): void {
  lanes.add<Pair>(r, a, b)
  lanes.add<Pair>(r + size<Pair>(), a + size<Pair>(), b + size<Pair>())
}

/** r = a − b for Pairs and a carried b. Not inlined, unlike `subtract` of field/prime.ts. */
export function subtractPairs(r: usize, a: usize, b: usize): void {
  prime.subtractCarried<C, Pair>(r, a, b)
}

/** r = a − b for a carried b. */
export function subtractCarried(r: usize, a: usize, b: usize): void {
  subtractPairs(r, a, b)
  subtractPairs(r + size<Pair>(), a + size<Pair>(), b + size<Pair>())
}

export function copy(r: usize, a: usize): void {
  lanes.copy<Pair>(r, a)
  lanes.copy<Pair>(r + size<Pair>(), a + size<Pair>())
}

export function set(r: usize, value: i32): void {
  lanes.set<Pair>(r, value)
  lanes.set<Pair>(r + size<Pair>(), value)
}

/** r = a^(2^n)·b. b must not be r. */
function squareTimesMultiply(r: usize, a: usize, n: i32, b: usize): void {
  square(r, a)
  for (let i = 1; i < n; i++) square(r, r)
  multiply(r, r, b)
}

/**
 * r = r^((p−3)/4), with eight quads of work space. The exponent in binary is 223 ones, 0, 22 ones, 00001, 011. The variable
 * xN is r to the power of N ones.
 */
export function raise(r: usize, work: usize): void {
  const x1 = work
  const x2 = work + QUAD_BYTES
  const x3 = work + 2 * QUAD_BYTES
  const x6 = work + 3 * QUAD_BYTES
  const x11 = work + 4 * QUAD_BYTES
  const x22 = work + 5 * QUAD_BYTES
  const x44 = work + 6 * QUAD_BYTES
  const x88 = work + 7 * QUAD_BYTES
  copy(x1, r)
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
