import { FORMULA_SCRATCH } from '../memory'
import { Secp256k1 } from '../field/curve'
import { conditionalCopy, copy, size } from '../field/lanes'
import { mayBeZeroVar, multiply, square, subtract, subtractCarried, zeroMask } from '../field/prime'
import { subtractOnceTwiceCarried, subtractTwiceCarried, threeHalves } from './field'

type C = Secp256k1

// Points of y² = x³ + 7 in Jacobian coordinates (x = X/Z², y = Y/Z³), in the order X, Y, Z, carried. Z = 0 is the identity.
// The formulas are those of hyperelliptic.org/EFD for short Weierstrass curves with a = 0.

/** Bytes of a Jacobian point. */
@inline
export function pointSize<L>(): usize {
  return 3 * size<L>()
}


@inline
function temporary<L>(i: usize): usize {
  return FORMULA_SCRATCH + i * size<L>()
}

/** p = 2p. Correct for every input: the order is odd, so y is never 0, and Z = 0 stays 0. */
export function double<L>(p: usize): void {
  const x = p
  const y = p + size<L>()
  const z = p + 2 * size<L>()
  const s = temporary<L>(0)
  const slope = temporary<L>(1)
  const t = temporary<L>(2)
  const u = temporary<L>(3)
  square<C, L>(s, y)
  square<C, L>(u, x)
  threeHalves<L>(slope, u)
  multiply<C, L>(t, x, s)
  multiply<C, L>(z, y, z)
  square<C, L>(u, slope)
  subtractTwiceCarried<L>(x, u, t)
  subtract<C, L>(t, t, x)
  multiply<C, L>(t, t, slope)
  square<C, L>(s, s)
  subtractCarried<C, L>(y, t, s)
}

/**
 * p = p + q for an affine q, and h = H = Z3/Z1. Incomplete: the caller must exclude p = identity and p = q. For p = ±q the
 * result has Z = 0, which is right for p = −q only.
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
  square<C, L>(zz, z)
  multiply<C, L>(u, q, zz)
  multiply<C, L>(zz, zz, z)
  multiply<C, L>(r, q + size<L>(), zz)
  subtractCarried<C, L>(h, u, x)
  subtractCarried<C, L>(r, r, y)
  square<C, L>(hh, h)
  multiply<C, L>(hhh, h, hh)
  multiply<C, L>(v, x, hh)
  multiply<C, L>(z, z, h)
  square<C, L>(u, r)
  subtractOnceTwiceCarried<L>(x, u, hhh, v)
  subtract<C, L>(v, v, x)
  multiply<C, L>(v, v, r)
  multiply<C, L>(hhh, hhh, y)
  subtractCarried<C, L>(y, v, hhh)
}

/**
 * Writes p + q to the temporaries 14 to 16, H to 9 and R to 11. The sum is wrong if p = ±q or one of them is the identity.
 */
function addDistinct<L>(p: usize, q: usize): void {
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
  square<C, L>(z1, z)
  square<C, L>(z2, qz)
  multiply<C, L>(u1, x, z2)
  multiply<C, L>(h, qx, z1)
  multiply<C, L>(s1, y, z2)
  multiply<C, L>(s1, s1, qz)
  multiply<C, L>(r, qy, z1)
  multiply<C, L>(r, r, z)
  subtractCarried<C, L>(h, h, u1)
  subtractCarried<C, L>(r, r, s1)
  multiply<C, L>(sumZ, z, qz)
  multiply<C, L>(sumZ, sumZ, h)
  square<C, L>(hh, h)
  multiply<C, L>(v, u1, hh)
  multiply<C, L>(hh, hh, h)
  square<C, L>(z1, r)
  subtractOnceTwiceCarried<L>(sum, z1, hh, v)
  subtract<C, L>(v, v, sum)
  multiply<C, L>(v, v, r)
  multiply<C, L>(hh, hh, s1)
  subtractCarried<C, L>(sumY, v, hh)
}


@inline
function copyPoint<L>(r: usize, p: usize): void {
  for (let c: usize = 0; c < pointSize<L>(); c += size<L>()) copy<L>(r + c, p + c)
}

/** p = p + q for any p and q, without a branch. They may be equal, opposite, or the identity. */
export function addComplete<L>(p: usize, q: usize): void {
  const z = p + 2 * size<L>()
  const qz = q + 2 * size<L>()
  const sum = temporary<L>(14)
  addDistinct<L>(p, q)
  // If H = 0 and R = 0, then p = q, and the sum is 2p. If only H = 0, then p = −q, and Z3 = 0 is right.
  const isFirstIdentity = zeroMask<C, L>(z)
  const isSecondIdentity = zeroMask<C, L>(qz)
  const isEqual = v128.and(zeroMask<C, L>(temporary<L>(9)), zeroMask<C, L>(temporary<L>(11)))
  const keep = temporary<L>(17)
  copyPoint<L>(keep, p)
  double<L>(p)
  for (let c: usize = 0; c < pointSize<L>(); c += size<L>()) {
    conditionalCopy<L>(sum + c, p + c, isEqual)
    conditionalCopy<L>(sum + c, keep + c, isSecondIdentity)
    conditionalCopy<L>(sum + c, q + c, isFirstIdentity)
    copy<L>(p + c, sum + c)
  }
}

/** p = p + q for any public p and q. */
export function addVar<L>(p: usize, q: usize): void {
  const z: usize = 2 * size<L>()
  addDistinct<L>(p, q)
  if (mayBeZeroVar<C, L>(p + z) || mayBeZeroVar<C, L>(q + z) || mayBeZeroVar<C, L>(temporary<L>(9))) {
    addComplete<L>(p, q)
  } else copyPoint<L>(p, temporary<L>(14))
}

/** p = p + q for any public p and an affine public q other than the identity. */
export function addAffineVar<L>(p: usize, q: usize): void {
  const z: usize = 2 * size<L>()
  const keep = temporary<L>(20)
  const h = temporary<L>(23)
  if (mayBeZeroVar<C, L>(p + z)) {
    addComplete<L>(p, q)
    return
  }
  copyPoint<L>(keep, p)
  addAffine<L>(p, q, h)
  if (!mayBeZeroVar<C, L>(h)) return
  copyPoint<L>(p, keep)
  addComplete<L>(p, q)
}
