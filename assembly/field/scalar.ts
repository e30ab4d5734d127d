import { SCALAR_BYTES, SCALAR_SCRATCH } from '../memory'
import * as ed25519 from '../ed25519/constants.gen'
import * as secp256k1 from '../secp256k1/constants.gen'
import { isSecp256k1 } from './curve'
import { montgomery as montgomeryEd25519 } from './ed25519-order.gen'
import { clearPadding, isBelow, isZero, pack, reverse, subtractOnce, unpack } from './limbs'
import { invertBytes } from './safegcd'
import { montgomery as montgomerySecp256k1 } from './secp256k1-order.gen'

// Scalars modulo the order of a curve C, as nine canonical 29-bit limbs (the Single layout of field/lanes.ts), always
// reduced. Bytes of scalars are big-endian on secp256k1 (SEC 1) and little-endian on ed25519 (RFC 8032). All functions are
// constant-time.

/** Bytes of a scalar in limbs. */
export const LIMBS: usize = 48

const BYTES: usize = SCALAR_SCRATCH
const SUM: usize = SCALAR_SCRATCH + 64
const HIGH: usize = SCALAR_SCRATCH + 112


@inline
export function order<C>(): usize {
  return isSecp256k1<C>() ? secp256k1.ORDER : ed25519.ORDER
}


@inline
function orderForInverse<C>(): usize {
  return isSecp256k1<C>() ? secp256k1.ORDER_30 : ed25519.ORDER_30
}

/** 1/n modulo 2^30. */
@inline
export function orderInverse<C>(): u32 {
  return load<u32>(orderForInverse<C>(), 36)
}

/** 2^522 mod n. */
@inline
function radixSquared<C>(): usize {
  return isSecp256k1<C>() ? secp256k1.ORDER_R2 : ed25519.ORDER_R2
}

/** 2^256·2^261 mod n. */
@inline
function highWeight<C>(): usize {
  return isSecp256k1<C>() ? secp256k1.ORDER_HIGH : ed25519.ORDER_HIGH
}

/** r = the scalar in 32 canonical bytes. */
export function loadScalar<C>(r: usize, bytes: usize): void {
  if (isSecp256k1<C>()) {
    reverse(BYTES, bytes)
    unpack(r, BYTES)
  } else unpack(r, bytes)
}

/** Loads any 32 bytes. Returns all ones if they are canonical, else zero. */
export function decodeScalar<C>(r: usize, bytes: usize): i32 {
  loadScalar<C>(r, bytes)
  return isBelow(r, order<C>())
}

/** Writes a as 32 canonical bytes. */
export function storeScalar<C>(bytes: usize, a: usize): void {
  if (isSecp256k1<C>()) {
    pack(BYTES, a)
    reverse(bytes, BYTES)
  } else pack(bytes, a)
}

/** r = a·b/2^261 (Montgomery product): reduced if a and b are below 2^257, and at most one of them above the order. */
@inline
export function montgomeryProduct<C>(r: usize, a: usize, b: usize): void {
  if (isSecp256k1<C>()) montgomerySecp256k1(r, a, b)
  else montgomeryEd25519(r, a, b)
  subtractOnce(r, r, order<C>())
}

/** r = a·2^261 (Montgomery form), so that a Montgomery product with r is a product with a. */
export function toMontgomery<C>(r: usize, a: usize): void {
  montgomeryProduct<C>(r, a, radixSquared<C>())
}

/** r = a·b */
export function multiplyScalars<C>(r: usize, a: usize, b: usize): void {
  montgomeryProduct<C>(SUM, a, b)
  montgomeryProduct<C>(r, SUM, radixSquared<C>())
}

/** r = a + b */
export function addScalars<C>(r: usize, a: usize, b: usize): void {
  let carry: u32 = 0
  for (let i: usize = 0; i < 36; i += 4) {
    carry += load<u32>(a + i) + load<u32>(b + i)
    store<u32>(SUM + i, i < 32 ? carry & 0x1fffffff : carry)
    carry >>= 29
  }
  subtractOnce(r, SUM, order<C>())
}

/** r = a − b */
export function subtractScalars<C>(r: usize, a: usize, b: usize): void {
  let carry: i32 = 0
  for (let i: usize = 0; i < 36; i += 4) {
    carry += load<i32>(a + i) + load<i32>(order<C>() + i) - load<i32>(b + i)
    store<i32>(SUM + i, i < 32 ? carry & 0x1fffffff : carry)
    carry >>= 29
  }
  subtractOnce(r, SUM, order<C>())
}

/** r = −a */
export function negateScalar<C>(r: usize, a: usize): void {
  memory.fill(HIGH, 0, LIMBS)
  subtractScalars<C>(r, HIGH, a)
}

/** r = a/2: adds the odd order to an odd a, then shifts. */
export function halveScalar<C>(r: usize, a: usize): void {
  const odd = -(load<i32>(a) & 1)
  let carry: i32 = 0
  for (let i: usize = 0; i < 36; i += 4) {
    carry += load<i32>(a + i) + (load<i32>(order<C>() + i) & odd)
    store<i32>(SUM + i, i < 32 ? carry & 0x1fffffff : carry)
    carry >>= 29
  }
  store<i32>(SUM, 0, 36)
  for (let i: usize = 0; i < 36; i += 4) {
    store<u32>(r + i, (load<u32>(SUM + i) >> 1) | ((load<u32>(SUM + i, 4) & 1) << 28))
  }
  clearPadding(r)
}

/** r = 1/a, or 0 for 0. */
export function invertScalar<C>(r: usize, a: usize): void {
  pack(BYTES, a)
  invertBytes(BYTES, orderForInverse<C>())
  unpack(r, BYTES)
}

/** r = 48 big-endian bytes (secp256k1) or 64 little-endian bytes (ed25519), reduced modulo the order. */
export function reduceWide<C>(r: usize, bytes: usize): void {
  // The low 256 bits are last in big-endian bytes and first in little-endian bytes.
  if (isSecp256k1<C>()) {
    reverse(BYTES, bytes + 16)
    unpack(r, BYTES)
    memory.fill(BYTES, 0, SCALAR_BYTES)
    memory.copy(BYTES + 16, bytes, 16)
    reverse(BYTES, BYTES)
    unpack(HIGH, BYTES)
  } else {
    unpack(r, bytes)
    unpack(HIGH, bytes + SCALAR_BYTES)
  }
  montgomeryProduct<C>(HIGH, HIGH, highWeight<C>())
  // The low 256 bits may exceed the order many times: a product with one reduces them.
  toMontgomery<C>(r, r)
  memory.fill(BYTES, 0, LIMBS)
  store<u32>(BYTES, 1)
  montgomeryProduct<C>(r, r, BYTES)
  addScalars<C>(r, r, HIGH)
}

/** r = the scalar of a small public number. */
export function setScalar(r: usize, value: u32): void {
  memory.fill(r, 0, LIMBS)
  store<u32>(r, value & 0x1fffffff)
  store<u32>(r, value >> 29, 4)
}

/** All ones for zero, else zero. */
@inline
export function isZeroScalar(a: usize): i32 {
  return isZero(a)
}
