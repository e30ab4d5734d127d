import { INVALID, OK, SHARING_SCRATCH, UNDEFINED } from '../memory'
import * as field from '../field/scalar'

// Arithmetic on single scalars in canonical bytes.

const A: usize = SHARING_SCRATCH
const B: usize = SHARING_SCRATCH + field.LIMBS

/** Returns OK, INVALID for bytes that are not canonical, or UNDEFINED for zero. */
export function checkScalar<C>(a: usize): i32 {
  const isCanonical = field.decodeScalar<C>(A, a)
  return (INVALID & ~isCanonical) | (UNDEFINED & field.isZeroScalar(A))
}

export function addScalars<C>(r: usize, a: usize, b: usize): void {
  field.loadScalar<C>(A, a)
  field.loadScalar<C>(B, b)
  field.addScalars<C>(A, A, B)
  field.storeScalar<C>(r, A)
}

export function subtractScalars<C>(r: usize, a: usize, b: usize): void {
  field.loadScalar<C>(A, a)
  field.loadScalar<C>(B, b)
  field.subtractScalars<C>(A, A, B)
  field.storeScalar<C>(r, A)
}

export function multiplyScalars<C>(r: usize, a: usize, b: usize): void {
  field.loadScalar<C>(A, a)
  field.loadScalar<C>(B, b)
  field.multiplyScalars<C>(A, A, B)
  field.storeScalar<C>(r, A)
}

/** r = 1/a. Returns OK, or UNDEFINED for zero; r is zero then. */
export function invertScalar<C>(r: usize, a: usize): i32 {
  field.loadScalar<C>(A, a)
  field.invertScalar<C>(A, A)
  field.storeScalar<C>(r, A)
  return (UNDEFINED & field.isZeroScalar(A)) | OK
}

export function reduceWide<C>(r: usize, wide: usize): void {
  field.reduceWide<C>(A, wide)
  field.storeScalar<C>(r, A)
}
