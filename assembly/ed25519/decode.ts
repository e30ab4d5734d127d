import { INVALID, OK, POINT_SCRATCH } from '../memory'
import { Ed25519 } from '../field/curve'
import { set, Single, size, spread } from '../field/lanes'
import { isEqual, unpack } from '../field/limbs'
import { conditionalNegateCarried, isZeroVar, multiply, normalize, square, subtractCarried } from '../field/prime'
import { storePoint } from './affine'
import { D } from './constants.gen'
import { addCarried, squareRootOfRatioVar } from './field'
import { isTorsionFreeVar } from './subgroup'

type C = Ed25519

// Above what subgroup.ts uses.
const P: usize = POINT_SCRATCH + 8 * 48
const U: usize = P + 4 * 48
const V: usize = U + 48
const CANONICAL: usize = V + 48
const BYTES: usize = CANONICAL + 48

/**
 * RFC 8032 §5.1.3, for 32 public bytes; refuses the identity and everything outside the prime-order subgroup as well,
 * and non-canonical y.
 */
export function decodePoint(r: usize, bytes: usize): i32 {
  const x = P
  const y = P + size<Single>()
  const one = P + 2 * size<Single>()
  const sign = load<u8>(bytes, 31) >> 7
  memory.copy(BYTES, bytes, 32)
  store<u8>(BYTES, load<u8>(BYTES, 31) & 0x7f, 31)
  unpack(y, BYTES)
  // Of the 19 values that two encodings share none is in the subgroup, so that this refuses nothing more than RFC 8032.
  normalize<C>(CANONICAL, y)
  if (!isEqual(CANONICAL, y)) return INVALID

  set<Single>(one, 1)
  square<C, Single>(U, y)
  multiply<C, Single>(V, U, D)
  subtractCarried<C, Single>(U, U, one)
  addCarried<Single>(V, V, one)
  if (!squareRootOfRatioVar(x, U, V)) return INVALID
  // x = 0 belongs to the identity and to the point of order two.
  if (isZeroVar<C>(x)) return INVALID
  normalize<C>(CANONICAL, x)
  const negate = -(<i32>((load<u32>(CANONICAL) ^ sign) & 1))
  conditionalNegateCarried<C, Single>(x, x, spread<Single>(negate, negate))
  if (!isTorsionFreeVar(x, y)) return INVALID
  storePoint(r, P)
  return OK
}
