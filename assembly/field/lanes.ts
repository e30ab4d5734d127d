// Layouts of a field element, chosen at compile time by the type parameter L of a function. Both have nine 29-bit limbs:
//
//   Single: limb i in the u32 at 4·i; three words of padding; 48 bytes
//   Pair:   limb i of two independent elements A and B in the u64 at 8·i, A in its low half; padding; 80 bytes
//
// Padding may have any content and never affects a limb. An element is congruent to its value, not always equal to it. The
// bounds of each limb are (the top limb has 24 bits on secp256k1 and 23 on ed25519, with the same slack):
//
//   carried: below 2^29 + 2^18. Products, squares and functions named …Carried return it
//   sums: n carried elements, added without a carry, are below n·(2^29 + 2^18)
//
// Let the bounds of two factors be b1·2^29 and b2·2^29. A product requires b1·b2 < 7.9, b1 < 4 and b2 < 4, so that no column
// reaches 2^64 and no sum of two limbs 2^32. A square requires b < 2.6.

/** One element. */
export type Single = u32
/** Two elements side by side. */
export type Pair = u64


@inline
export function isPair<L>(): bool {
  return sizeof<L>() == 8
}

/** Bytes of an element. */
@inline
export function size<L>(): usize {
  return isPair<L>() ? 80 : 48
}

export function copy<L>(r: usize, a: usize): void {
  v128.store(r, v128.load(a))
  v128.store(r, v128.load(a, 16), 16)
  v128.store(r, v128.load(a, 32), 32)
  if (isPair<L>()) {
    v128.store(r, v128.load(a, 48), 48)
    v128.store(r, v128.load(a, 64), 64)
  }
}

/** r = value, a small public constant, in every lane. */
export function set<L>(r: usize, value: i32): void {
  v128.store(r, i64x2.splat(0))
  v128.store(r, i64x2.splat(0), 16)
  v128.store(r, i64x2.splat(0), 32)
  store<i32>(r, value)
  if (isPair<L>()) {
    store<i32>(r, value, 4)
    v128.store(r, i64x2.splat(0), 48)
    v128.store(r, i64x2.splat(0), 64)
  }
}

/** r = a + b, without a carry. */
@inline
export function add<L>(r: usize, a: usize, b: usize): void {
  v128.store(r, i32x4.add(v128.load(a), v128.load(b)))
  v128.store(r, i32x4.add(v128.load(a, 16), v128.load(b, 16)), 16)
  v128.store(r, i32x4.add(v128.load(a, 32), v128.load(b, 32)), 32)
  if (isPair<L>()) {
    v128.store(r, i32x4.add(v128.load(a, 48), v128.load(b, 48)), 48)
    v128.store(r, i32x4.add(v128.load(a, 64), v128.load(b, 64)), 64)
  }
}

/** r = mask ? a : r, with all ones or all zeros in each lane of the mask. */
@inline
export function conditionalCopy<L>(r: usize, a: usize, mask: v128): void {
  v128.store(r, v128.bitselect(v128.load(a), v128.load(r), mask))
  v128.store(r, v128.bitselect(v128.load(a, 16), v128.load(r, 16), mask), 16)
  v128.store(r, v128.bitselect(v128.load(a, 32), v128.load(r, 32), mask), 32)
  if (isPair<L>()) {
    v128.store(r, v128.bitselect(v128.load(a, 48), v128.load(r, 48), mask), 48)
    v128.store(r, v128.bitselect(v128.load(a, 64), v128.load(r, 64), mask), 64)
  }
}

/** A vector with one word for each element, repeated for its limbs. A Single uses the first word. */
@inline
export function spread<L>(a: i32, b: i32): v128 {
  return isPair<L>() ? i64x2.splat((<i64>(<u32>a)) | ((<i64>b) << 32)) : i32x4.splat(a)
}

/** r = entry `index` (one for each lane) of a table of `entries` elements, `stride` bytes apart. Reads all entries. */
@inline
export function scan<L>(r: usize, table: usize, entries: i32, stride: usize, index: v128): void {
  let x0 = i64x2.splat(0)
  let x1 = i64x2.splat(0)
  let x2 = i64x2.splat(0)
  let x3 = i64x2.splat(0)
  let x4 = i64x2.splat(0)
  let current = i64x2.splat(0)
  for (let i = 0; i < entries; i++) {
    const mask = i32x4.eq(current, index)
    x0 = v128.or(x0, v128.and(mask, v128.load(table)))
    x1 = v128.or(x1, v128.and(mask, v128.load(table, 16)))
    x2 = v128.or(x2, v128.and(mask, v128.load(table, 32)))
    if (isPair<L>()) {
      x3 = v128.or(x3, v128.and(mask, v128.load(table, 48)))
      x4 = v128.or(x4, v128.and(mask, v128.load(table, 64)))
    }
    current = i32x4.add(current, i32x4.splat(1))
    table += stride
  }
  v128.store(r, x0)
  v128.store(r, x1, 16)
  v128.store(r, x2, 32)
  if (isPair<L>()) {
    v128.store(r, x3, 48)
    v128.store(r, x4, 64)
  }
}

/** r = the entry with each lane's secret index in a table of `entries` points of `coordinates` elements. Reads all entries. */
export function lookup<L>(r: usize, table: usize, entries: i32, coordinates: i32, indexA: i32, indexB: i32): void {
  const index = spread<L>(indexA, indexB)
  const stride = <usize>coordinates * size<L>()
  for (let c: usize = 0; c < stride; c += size<L>()) scan<L>(r + c, table + c, entries, stride, index)
}

/**
 * Stores x0…x4 (x3 and x4 for a Pair only; any limbs below 2^32) after one carry of every limb into the next, all at once.
 * The carry out of the top limb of `topBits` bits is added to limbs 0 and 1 with the weights in `fold`. The result is
 * carried.
 */
@inline
export function storeCarried<L>(
  r: usize,
  x0: v128,
  x1: v128,
  x2: v128,
  x3: v128,
  x4: v128,
  topBits: i32,
  fold: v128,
): void {
  const mask = i32x4.splat(0x1fffffff)
  const topMask = i32x4.splat((1 << topBits) - 1)
  const zero = i64x2.splat(0)
  const c0 = i32x4.shr_u(x0, 29)
  const c1 = i32x4.shr_u(x1, 29)
  if (isPair<L>()) {
    const c2 = i32x4.shr_u(x2, 29)
    const c3 = i32x4.shr_u(x3, 29)
    const top = i32x4.shr_u(x4, topBits)
    const folded = i32x4.mul(v128.shuffle<u32>(top, top, 0, 1, 0, 1), fold)
    v128.store(r, i32x4.add(i32x4.add(v128.and(x0, mask), v128.shuffle<u32>(zero, c0, 0, 1, 4, 5)), folded))
    v128.store(r, i32x4.add(v128.and(x1, mask), v128.shuffle<u32>(c0, c1, 2, 3, 4, 5)), 16)
    v128.store(r, i32x4.add(v128.and(x2, mask), v128.shuffle<u32>(c1, c2, 2, 3, 4, 5)), 32)
    v128.store(r, i32x4.add(v128.and(x3, mask), v128.shuffle<u32>(c2, c3, 2, 3, 4, 5)), 48)
    v128.store(r, i32x4.add(v128.and(x4, topMask), v128.shuffle<u32>(c3, zero, 2, 3, 4, 4)), 64)
  } else {
    const top = i32x4.shr_u(x2, topBits)
    const folded = i32x4.mul(v128.shuffle<u32>(top, top, 0, 0, 0, 0), fold)
    v128.store(r, i32x4.add(i32x4.add(v128.and(x0, mask), v128.shuffle<u32>(zero, c0, 0, 4, 5, 6)), folded))
    v128.store(r, i32x4.add(v128.and(x1, mask), v128.shuffle<u32>(c0, c1, 3, 4, 5, 6)), 16)
    v128.store(r, i32x4.add(v128.and(x2, topMask), v128.shuffle<u32>(c1, zero, 3, 4, 4, 4)), 32)
  }
}

/** r = element `lane` (0 for A, 1 for B) of a Pair, as a Single. */
export function extract(r: usize, pair: usize, lane: usize): void {
  for (let i: usize = 0; i < 9; i++) store<u32>(r + 4 * i, load<u32>(pair + 8 * i + 4 * lane))
  store<u32>(r, 0, 36)
  store<u64>(r, 0, 40)
}

/** Element `lane` of a Pair = a, a Single. The other lane and the padding do not change. */
export function insert(pair: usize, a: usize, lane: usize): void {
  for (let i: usize = 0; i < 9; i++) store<u32>(pair + 8 * i + 4 * lane, load<u32>(a + 4 * i))
}

/** r = a, a Single: in both lanes of a Pair, or as a Single. */
export function broadcast<L>(r: usize, a: usize): void {
  if (!isPair<L>()) {
    copy<Single>(r, a)
    return
  }
  const x0 = v128.load(a)
  const x1 = v128.load(a, 16)
  const x2 = v128.load(a, 32)
  v128.store(r, v128.shuffle<u32>(x0, x0, 0, 0, 1, 1))
  v128.store(r, v128.shuffle<u32>(x0, x0, 2, 2, 3, 3), 16)
  v128.store(r, v128.shuffle<u32>(x1, x1, 0, 0, 1, 1), 32)
  v128.store(r, v128.shuffle<u32>(x1, x1, 2, 2, 3, 3), 48)
  v128.store(r, v128.shuffle<u32>(x2, x2, 0, 0, 1, 1), 64)
}

/** How many elements a layout has. */
@inline
export function laneCount<L>(): usize {
  return isPair<L>() ? 2 : 1
}

/** r = element `lane` of a, as a Single. */
export function loadLane<L>(r: usize, a: usize, lane: usize): void {
  if (isPair<L>()) extract(r, a, lane)
  else copy<Single>(r, a)
}

/** Element `lane` of r = a, a Single. */
export function storeLane<L>(r: usize, a: usize, lane: usize): void {
  if (isPair<L>()) insert(r, a, lane)
  else copy<Single>(r, a)
}
