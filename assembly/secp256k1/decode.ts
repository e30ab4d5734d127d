import { INVALID, OK, POINT_SCRATCH } from '../memory'
import { Secp256k1 } from '../field/curve'
import { Single, size, spread } from '../field/lanes'
import { isEqual, reverse, unpack } from '../field/limbs'
import { conditionalNegateCarried, multiply, normalize, square } from '../field/prime'
import { storePoint } from './affine'
import { squareRoot } from './field'

type C = Secp256k1

const XY: usize = POINT_SCRATCH + 8 * 80
const CUBE: usize = XY + 2 * 48
const CHECK: usize = XY + 3 * 48
const CANONICAL: usize = XY + 4 * 48
const BYTES: usize = XY + 5 * 48

/** SEC 1 §2.3.4, compressed form only: stores the point of 33 public bytes. */
export function decodePoint(r: usize, bytes: usize): i32 {
  const prefix = load<u8>(bytes)
  if (prefix != 2 && prefix != 3) return INVALID
  const y = XY + size<Single>()
  reverse(BYTES, bytes + 1)
  unpack(XY, BYTES)
  normalize<C>(CANONICAL, XY)
  if (!isEqual(CANONICAL, XY)) return INVALID

  square<C, Single>(CUBE, XY)
  multiply<C, Single>(CUBE, CUBE, XY)
  store<u32>(CUBE, load<u32>(CUBE) + 7)
  squareRoot(y, CUBE)
  square<C, Single>(CHECK, y)
  normalize<C>(CHECK, CHECK)
  normalize<C>(CUBE, CUBE)
  if (!isEqual(CHECK, CUBE)) return INVALID

  normalize<C>(CANONICAL, y)
  const negate = -(<i32>((load<u32>(CANONICAL) ^ prefix) & 1))
  conditionalNegateCarried<C, Single>(y, y, spread<Single>(negate, negate))
  storePoint(r, XY)
  return OK
}
