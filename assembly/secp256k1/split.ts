import { SPLIT_SCRATCH } from '../memory'
import { Secp256k1 } from '../field/curve'
import { DIGIT_BYTES } from '../field/digits'
import { clearPadding, pack } from '../field/limbs'
import { addScalars, halveScalar, montgomeryProduct, negateScalar, setScalar } from '../field/scalar'
import { SPLIT_G1, SPLIT_G2, SPLIT_MINUS_B1, SPLIT_MINUS_B2, SPLIT_MINUS_LAMBDA, SPLIT_OFFSET } from './constants.gen'

// GLV: k = s1 + λ·s2 mod n with |s1| < 2^127.4 and |s2| < 2^127.2 (libsecp256k1 scalar_impl.h proves less than 2^128).

const PRODUCT: usize = SPLIT_SCRATCH
const C1: usize = SPLIT_SCRATCH + 160
const C2: usize = SPLIT_SCRATCH + 208
const S: usize = SPLIT_SCRATCH + 256
const S1: usize = SPLIT_SCRATCH + 304
const S2: usize = SPLIT_SCRATCH + 352
const CENTRE: usize = SPLIT_SCRATCH + 400

/** r = round(a·b/2^384) for a and b below 2^256. */
function multiplyShift384(r: usize, a: usize, b: usize): void {
  memory.fill(PRODUCT, 0, 160)
  for (let i: usize = 0; i < 9; i++) {
    for (let j: usize = 0; j < 9; j++) {
      const at = PRODUCT + 8 * (i + j)
      store<u64>(at, load<u64>(at) + <u64>load<u32>(a + 4 * i) * <u64>load<u32>(b + 4 * j))
    }
  }
  // 384 = 13·29 + 7, so the bit below the result, which decides the rounding, has the weight 2^6 in column 13.
  let carry: u64 = 0
  for (let i: usize = 0; i < 18; i++) {
    carry += load<u64>(PRODUCT + 8 * i) + (i == 13 ? 1 << 6 : 0)
    store<u64>(PRODUCT + 8 * i, carry & 0x1fffffff)
    carry >>= 29
  }
  memory.fill(r, 0, 48)
  for (let i: usize = 0; i < 5; i++) {
    const low = load<u64>(PRODUCT + 8 * (i + 13)) >> 7
    const high = load<u64>(PRODUCT + 8 * (i + 14)) << 22
    store<u32>(r + 4 * i, <u32>((low | high) & 0x1fffffff))
  }
}

/** Splits the scalar k into s1 and s2, as scalars modulo n. */
export function splitScalar(s1: usize, s2: usize, k: usize): void {
  multiplyShift384(C1, k, SPLIT_G1)
  multiplyShift384(C2, k, SPLIT_G2)
  montgomeryProduct<Secp256k1>(C1, C1, SPLIT_MINUS_B1)
  montgomeryProduct<Secp256k1>(C2, C2, SPLIT_MINUS_B2)
  addScalars<Secp256k1>(C2, C1, C2)
  montgomeryProduct<Secp256k1>(C1, C2, SPLIT_MINUS_LAMBDA)
  addScalars<Secp256k1>(s1, C1, k)
  for (let i: usize = 0; i < 36; i += 4) store<u32>(s2 + i, load<u32>(C2 + i))
  clearPadding(s2)
}

/**
 * Writes the absolute value of a half of {@link splitScalar} as 40 little-endian bytes. For public scalars only. Overwrites
 * the half.
 *
 * @returns all ones if it is negative
 */
export function packHalfVar(bytes: usize, half: usize): i32 {
  const isNegative = (load<u32>(half, 28) | load<u32>(half, 32)) != 0
  if (isNegative) negateScalar<Secp256k1>(half, half)
  pack(bytes, half)
  store<u64>(bytes, 0, 32)
  return -(<i32>isNegative)
}

/** 2^131 and 2^129, for 33 digits of 4 bits and for 26 digits of 5 bits, as a limb of weight 2^116. */
export const CENTRE_33_BY_4: u32 = 1 << 15
export const CENTRE_26_BY_5: u32 = 1 << 13

/**
 * Recodes the scalar k to two lists of m digits v of w bits, DIGIT_BYTES each. The signed digits d = 2v − (2^w − 1) are odd.
 * Let u1 = Σ d·2^(w·i) for the first list, and u2 for the second. Then k = u1 + λ·u2 mod n, with |u1|, |u2| < 2^128.4.
 *
 * Let s = (k − 1 − λ)/2 = s1 + λ·s2. Then each u = 2s + 1 is odd, and u = Σ d_i·2^(w·i) for v = s + 2^(w·m)/2.
 *
 * @param centre 2^(w·m)/2, as a limb of weight 2^116
 */
export function recodeSplit(digits: usize, k: usize, centre: u32): void {
  addScalars<Secp256k1>(S, k, SPLIT_OFFSET)
  halveScalar<Secp256k1>(S, S)
  splitScalar(S1, S2, S)
  setScalar(CENTRE, 0)
  store<u32>(CENTRE, centre, 16)
  addScalars<Secp256k1>(S1, S1, CENTRE)
  addScalars<Secp256k1>(S2, S2, CENTRE)
  pack(digits, S1)
  pack(digits + DIGIT_BYTES, S2)
}
