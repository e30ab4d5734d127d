/** Every export that can refuse its input returns one of these; `src/wasm/calls.ts` mirrors them. */
export const OK: i32 = 0
/** Not the canonical encoding of a scalar or of a point of the prime-order subgroup. */
export const INVALID: i32 = 1
/** The operation has no result for this input: inverse of zero, an id that stands twice. */
export const UNDEFINED: i32 = 2

/** Inputs and outputs of the exports lie here, at offsets that the caller chooses and wipes. */
export const ARENA_BYTES: i32 = 65536
export const ARENA: usize = memory.data(65536, 16)
