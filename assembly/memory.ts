/** Every export that can refuse its input returns one of these; `src/wasm/ot.ts` and `src/wasm/instance.ts` mirror them. */
export const OK: i32 = 0
/** Not the canonical encoding of a scalar, or of a point of the prime-order subgroup other than the identity. */
export const INVALID: i32 = 1
/** The operation has no result for this input: the inverse of zero, an id that stands twice. */
export const UNDEFINED: i32 = 2

/** Inputs and outputs of the exports lie here, at offsets that the caller chooses and wipes. */
export const ARENA_BYTES: i32 = 0x10000
export const ARENA: usize = memory.data(0x10000, 16)

/** Bytes of an affine point between calls: x and y, little-endian words; secp256k1's identity is all zeros. */
export const POINT_BYTES: usize = 64
export const SCALAR_BYTES: usize = 32

/** One field element of either layout (field/lanes.ts). */
const SLOT: usize = 80

// Scratch holds secrets while an export runs; `wipeScratch` clears all of it before the export returns. Each region
// below belongs to one module, so that no two functions that call each other share a slot.
const SCRATCH: usize = memory.data(0x5000, 16)

/** field/safegcd.ts */
export const INVERSE_SCRATCH: usize = SCRATCH
/** field/limbs.ts */
export const LIMB_SCRATCH: usize = SCRATCH + 0x0c0
/** field/scalar.ts */
export const SCALAR_SCRATCH: usize = SCRATCH + 0x180
/** Scalars of those who call field/scalar.ts: sharing/, {secp256k1,ed25519}/{base,multiply,combination}.ts */
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

/** Clears what scalar arithmetic used. */
export function wipeScalarScratch(): void {
  memory.fill(SCRATCH, 0, SCALAR_SCRATCH_BYTES)
}

/** Clears everything that arithmetic on points and scalars used. */
export function wipeScratch(): void {
  memory.fill(SCRATCH, 0, SCRATCH_END - SCRATCH)
}

/** Terms of a variable-time combination that one call takes. */
export const COMBINATION_TERMS: i32 = 512

/**
 * Work space of batches: Jacobian or extended points that wait for a common inversion, or the tables, terms and buckets
 * of a variable-time combination. Whoever uses it clears what it used, so that it is all zeros between calls.
 */
export const WORK: usize = memory.data(0x29000, 16)

/** Multiples of the generators, made at first use: 26 × 16 pairs of 2 or 3 coordinates. */
export const SECP256K1_COMB: usize = memory.data(66560, 16)
export const ED25519_COMB: usize = memory.data(99840, 16)

/** Multiples of the generators for variable-time combinations, made at first use: 64 × 3 coordinates. */
export const SECP256K1_MULTIPLES: usize = memory.data(9216, 16)
export const ED25519_MULTIPLES: usize = memory.data(9216, 16)
