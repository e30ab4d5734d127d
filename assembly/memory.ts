/** Status codes of exports that can reject their input. `CallStatus` in `src/wasm/instance.ts` repeats them. */
export const OK: i32 = 0
/** The input is not the canonical encoding of a scalar, or of a point of the prime-order subgroup, not the identity. */
export const INVALID: i32 = 1
/** The operation has no result for this input, such as the inverse of zero, or a repeated id. */
export const UNDEFINED: i32 = 2

/** Size of the arena for inputs and outputs of the exports. The caller chooses their offsets, and wipes them. */
export const ARENA_BYTES: i32 = 0x10000
export const ARENA: usize = memory.data(0x10000, 16)

/** Bytes of a stored point, as calls pass it: affine x and y, little-endian. The identity of secp256k1 is all zeros. */
export const POINT_BYTES: usize = 64
export const SCALAR_BYTES: usize = 32

/** Bytes for one field element in either layout (field/lanes.ts). */
const SLOT: usize = 80

// Scratch space has secrets while an export runs. `wipeScratch` clears all of it before the export returns. Each region
// below belongs to the files named above it, so two functions that call each other never share a slot.
const SCRATCH: usize = memory.data(0x5000, 16)

/** field/safegcd.ts */
export const INVERSE_SCRATCH: usize = SCRATCH
/** field/limbs.ts */
export const LIMB_SCRATCH: usize = SCRATCH + 0x0c0
/** field/scalar.ts */
export const SCALAR_SCRATCH: usize = SCRATCH + 0x180
/** Scalars of the callers of field/scalar.ts: sharing/, {secp256k1,ed25519}/{base,multiply,combination}.ts */
export const SHARING_SCRATCH: usize = SCRATCH + 0x380
/** secp256k1/split.ts */
export const SPLIT_SCRATCH: usize = SCRATCH + 0x680
const SCALAR_SCRATCH_BYTES: usize = 0x980

/** {secp256k1,ed25519}/field.ts: square roots, normalisation of both lanes */
export const FIELD_SCRATCH: usize = SCRATCH + 0x980
/** {secp256k1,ed25519}/point.ts: temporaries of the addition formulas */
export const FORMULA_SCRATCH: usize = FIELD_SCRATCH + 16 * SLOT
/** {secp256k1,ed25519}/multiply.ts: points */
export const POINT_SCRATCH: usize = FORMULA_SCRATCH + 24 * SLOT
/** {secp256k1,ed25519}/multiply.ts: tables of multiples, at most 8 entries of 4 coordinates */
export const TABLE_SCRATCH: usize = POINT_SCRATCH + 40 * SLOT
/** {secp256k1,ed25519}/multiply.ts: recoded scalars, 48 bytes each */
export const DIGIT_SCRATCH: usize = TABLE_SCRATCH + 48 * SLOT
const SCRATCH_END: usize = DIGIT_SCRATCH + 4 * 48

/** Clears the scratch space of scalar arithmetic. */
export function wipeScalarScratch(): void {
  memory.fill(SCRATCH, 0, SCALAR_SCRATCH_BYTES)
}

/** Clears the scratch space of all arithmetic on points and scalars. */
export function wipeScratch(): void {
  memory.fill(SCRATCH, 0, SCRATCH_END - SCRATCH)
}

/** Maximum number of terms of a variable-time combination in one call. */
export const COMBINATION_TERMS: i32 = 512

/**
 * Work space of batches: Jacobian or extended points before a common inversion, or the tables, terms and buckets of a
 * variable-time combination. Every function clears the part that it has used, so it is all zeros between calls.
 */
export const WORK: usize = memory.data(0x29000, 16)

/** Multiples of the generators, computed at the first use: 26 × 16 pairs of 2 or 3 coordinates. */
export const SECP256K1_COMB: usize = memory.data(66560, 16)
export const ED25519_COMB: usize = memory.data(99840, 16)

/** Multiples of the generators for variable-time combinations, computed at the first use: 64 × 3 coordinates. */
export const SECP256K1_MULTIPLES: usize = memory.data(9216, 16)
export const ED25519_MULTIPLES: usize = memory.data(9216, 16)
