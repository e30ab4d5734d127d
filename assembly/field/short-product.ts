import { LIMBS, montgomeryProduct, order, orderInverse, setScalar, toMontgomery } from './scalar'

// Products with a small public number x, which take one round of Montgomery reduction instead of nine. A result is loose,
// with limbs below 2^30: a·x/2^29 is below a/8192, and the reduction adds less than the order n. So a chain of products of
// reduced numbers stays below n·8192/8191 where c is zero, and below twice that, which is below 2.1·n, for other c.

const MASK: u64 = 0x1fffffff

/** r = a·x/2^29 + c for a loose a, x < 2^16, and a reduced c. */
export function shortProduct<C>(r: usize, a: usize, x: u32, c: usize): void {
  const n = order<C>()
  const factor = <u64>x
  const lowest = <u64>load<u32>(a) * factor
  const quotient = (0 - lowest * <u64>orderInverse<C>()) & MASK
  let carry = (lowest + quotient * load<u32>(n)) >> 29
  for (let i: usize = 0; i < 32; i += 4) {
    // Below 2^46 + 2^58 + 2^30.
    carry += <u64>load<u32>(a + i, 4) * factor + quotient * <u64>load<u32>(n + i, 4)
    store<u32>(r + i, <u32>(carry & MASK) + load<u32>(c + i))
    carry >>= 29
  }
  store<u32>(r, <u32>carry + load<u32>(c, 32), 32)
}

/**
 * r = a in canonical limbs, for a below 128·n·8192/8191 with limbs below 2^32: the sum of 128 loose numbers, c being zero.
 * Of the orders n below 2^256, that of secp256k1 is so near to 2^256 that such a sum can be above 2^263.
 */
export function reduceLoose<C>(r: usize, a: usize): void {
  toMontgomery<C>(r, a)
  // a·n/2^261 + n is below 5.001·n, so r is below 4.001·n. The second product is below 1.2·n before its subtraction.
  toMontgomery<C>(r, r)
  divideByRadix<C>(r)
  divideByRadix<C>(r)
}

const ONE: usize = memory.data<u32>([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16)

/** r = r/2^261 */
function divideByRadix<C>(r: usize): void {
  montgomeryProduct<C>(r, r, ONE)
}

/** weight = 2^261 and step = 2^29·2^261: the Montgomery forms of 1 and of 2^29, by which each short product divides. */
export function startWeights<C>(weight: usize, step: usize): void {
  toMontgomery<C>(weight, ONE)
  setScalar(step, 1 << 29)
  toMontgomery<C>(step, step)
}
