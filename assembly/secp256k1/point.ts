import { FORMULA_SCRATCH } from '../memory'
import { conditionalCopy, copy, size } from '../field/lanes'
import {
  multiply,
  square,
  subtract,
  subtractCarried,
  subtractOnceTwiceCarried,
  subtractTwiceCarried,
  threeHalves,
  zeroMask,
} from './field'

// Points of y² = x³ + 7 in Jacobian coordinates (x = X/Z², y = Y/Z³), as X, Y, Z one after the other; Z = 0 is the
// identity. Coordinates are carried. Formulas: hyperelliptic.org/EFD, short Weierstrass with a = 0.

/** Bytes of a Jacobian point. */
@inline
export function pointSize<L>(): usize {
  return 3 * size<L>()
}

@inline
function temporary<L>(i: usize): usize {
  return FORMULA_SCRATCH + i * size<L>()
}

/** p = 2p. Correct for every input: the order is odd, so y = 0 does not occur, and Z = 0 stays. */
export function double<L>(p: usize): void {
  const x = p
  const y = p + size<L>()
  const z = p + 2 * size<L>()
  const s = temporary<L>(0)
  const slope = temporary<L>(1)
  const t = temporary<L>(2)
  const u = temporary<L>(3)
  square<L>(s, y)
  square<L>(u, x)
  threeHalves<L>(slope, u)
  multiply<L>(t, x, s)
  multiply<L>(z, y, z)
  square<L>(u, slope)
  subtractTwiceCarried<L>(x, u, t)
  subtract<L>(t, t, x)
  multiply<L>(t, t, slope)
  square<L>(s, s)
  subtractCarried<L>(y, t, s)
}

/**
 * p = p + (x, y) for an affine q = (x, y); also gives H = Z3/Z1. Incomplete: wrong for p = identity, which the caller
 * excludes; for p = ±q it gives Z = 0, right for p = −q only.
 */
export function addAffine<L>(p: usize, q: usize, h: usize): void {
  const x = p
  const y = p + size<L>()
  const z = p + 2 * size<L>()
  const zz = temporary<L>(0)
  const u = temporary<L>(1)
  const r = temporary<L>(2)
  const hh = temporary<L>(3)
  const hhh = temporary<L>(4)
  const v = temporary<L>(5)
  square<L>(zz, z)
  multiply<L>(u, q, zz)
  multiply<L>(zz, zz, z)
  multiply<L>(r, q + size<L>(), zz)
  subtractCarried<L>(h, u, x)
  subtractCarried<L>(r, r, y)
  square<L>(hh, h)
  multiply<L>(hhh, h, hh)
  multiply<L>(v, x, hh)
  multiply<L>(z, z, h)
  square<L>(u, r)
  subtractOnceTwiceCarried<L>(x, u, hhh, v)
  subtract<L>(v, v, x)
  multiply<L>(v, v, r)
  multiply<L>(hhh, hhh, y)
  subtractCarried<L>(y, v, hhh)
}

/** p = p + q for any p and q, the identity, equal and opposite points included, without a branch. */
export function addComplete<L>(p: usize, q: usize): void {
  const x = p
  const y = p + size<L>()
  const z = p + 2 * size<L>()
  const qx = q
  const qy = q + size<L>()
  const qz = q + 2 * size<L>()
  const z1 = temporary<L>(6)
  const z2 = temporary<L>(7)
  const u1 = temporary<L>(8)
  const h = temporary<L>(9)
  const s1 = temporary<L>(10)
  const r = temporary<L>(11)
  const hh = temporary<L>(12)
  const v = temporary<L>(13)
  const sum = temporary<L>(14)
  const sumY = sum + size<L>()
  const sumZ = sum + 2 * size<L>()
  square<L>(z1, z)
  square<L>(z2, qz)
  multiply<L>(u1, x, z2)
  multiply<L>(h, qx, z1)
  multiply<L>(s1, y, z2)
  multiply<L>(s1, s1, qz)
  multiply<L>(r, qy, z1)
  multiply<L>(r, r, z)
  subtractCarried<L>(h, h, u1)
  subtractCarried<L>(r, r, s1)
  multiply<L>(sumZ, z, qz)
  multiply<L>(sumZ, sumZ, h)
  square<L>(hh, h)
  multiply<L>(v, u1, hh)
  multiply<L>(hh, hh, h)
  square<L>(z1, r)
  subtractOnceTwiceCarried<L>(sum, z1, hh, v)
  subtract<L>(v, v, sum)
  multiply<L>(v, v, r)
  multiply<L>(hh, hh, s1)
  subtractCarried<L>(sumY, v, hh)
  // H = 0: p = q if R = 0 too, and then 2p; p = −q if not, and then Z3 = 0 is right.
  const isFirstIdentity = zeroMask<L>(z)
  const isSecondIdentity = zeroMask<L>(qz)
  const isEqual = v128.and(zeroMask<L>(h), zeroMask<L>(r))
  const keep = temporary<L>(17)
  copy<L>(keep, x)
  copy<L>(keep + size<L>(), y)
  copy<L>(keep + 2 * size<L>(), z)
  double<L>(p)
  for (let c: usize = 0; c < pointSize<L>(); c += size<L>()) {
    conditionalCopy<L>(sum + c, p + c, isEqual)
    conditionalCopy<L>(sum + c, keep + c, isSecondIdentity)
    conditionalCopy<L>(sum + c, q + c, isFirstIdentity)
    copy<L>(p + c, sum + c)
  }
}
