import { montgomery } from '../field/secp256k1-order.gen'
import { reverse, subtractOnce, unpack } from '../field/limbs'
import { ORDER, ORDER_R2 } from '../secp256k1/constants.gen'

/**
 * Long sums modulo the order n of secp256k1. A sum is nine columns of weight 2^(29·i), each an i64 to which limbs are added
 * without a carry. It is reduced once, at the end.
 *
 * Bounds: a sum must be at least zero and below 2^280. Thousands of terms below 2^262 stay below that.
 */

export const COLUMNS_BYTES: usize = 80
const LIMBS: usize = 9

/** 2^256 − n, in limbs. */
const FOLD = memory.data<u64>([0xfc9bebf, 0x16d0b99, 0xdd7f110, 0x24632a1, 0x1455], 16)
const FOLD_LIMBS: usize = 5

const BYTES = memory.data(32, 16)
const LIMB_SUM = memory.data(48, 16)


@inline
export function clearColumns(columns: usize): void {
  memory.fill(columns, 0, COLUMNS_BYTES)
}

/** columns += a & mask. The mask is all ones or all zeros. */
@inline
export function addLimbs(columns: usize, a: usize, mask: u64): void {
  for (let i: usize = 0; i < LIMBS; i++) {
    const at = columns + (i << 3)
    store<u64>(at, load<u64>(at) + ((<u64>load<u32>(a + (i << 2))) & mask))
  }
}

/** columns −= a */
@inline
export function subtractLimbs(columns: usize, a: usize): void {
  for (let i: usize = 0; i < LIMBS; i++) {
    const at = columns + (i << 3)
    store<u64>(at, load<u64>(at) - <u64>load<u32>(a + (i << 2)))
  }
}

/** limbs = a number of 32 big-endian bytes, which need not be below n. */
export function loadNumber(limbs: usize, bytes: usize): void {
  reverse(BYTES, bytes)
  unpack(limbs, BYTES)
}

/** limbs = a·2^261 mod n (Montgomery form), so that a Montgomery product with it is a product with a. */
export function toMontgomery(limbs: usize, a: usize): void {
  montgomery(limbs, a, ORDER_R2)
}

/** limbs = the sum modulo n, canonical. Overwrites the columns. */
export function reduceColumns(limbs: usize, columns: usize): void {
  const excess = carry(columns)
  for (let i: usize = 0; i < FOLD_LIMBS; i++) {
    const at = columns + (i << 3)
    store<u64>(at, load<u64>(at) + excess * load<u64>(FOLD + (i << 3)))
  }
  // Now below 2^256 + 2^24·2^129 < 2n, so the overflow can stay in the top limb.
  store<u64>(columns + 64, load<u64>(columns + 64) + (carry(columns) << 24))
  for (let i: usize = 0; i < LIMBS; i++) store<u32>(LIMB_SUM + (i << 2), <u32>load<u64>(columns + (i << 3)))
  subtractOnce(limbs, LIMB_SUM, ORDER)
}

/** Carries every column into the next. Returns the part above 256 bits. */
function carry(columns: usize): u64 {
  let carried: i64 = 0
  for (let i: usize = 0; i < LIMBS - 1; i++) {
    const sum = load<i64>(columns + (i << 3)) + carried
    store<i64>(columns + (i << 3), sum & 0x1fffffff)
    carried = sum >> 29
  }
  const top = load<i64>(columns + 64) + carried
  store<i64>(columns + 64, top & 0xffffff)
  return <u64>(top >> 24)
}

export function wipeColumns(columns: usize): void {
  clearColumns(columns)
  memory.fill(BYTES, 0, 32)
  memory.fill(LIMB_SUM, 0, 48)
}
