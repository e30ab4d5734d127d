/** The peer has cheated. This status code continues those of ../memory; `src/wasm/ot.ts` repeats it. */
export const CHEAT: i32 = 3

/** Size of the arena of oblivious transfer. The caller chooses the offsets of inputs and outputs, and wipes them. */
export const OT_ARENA_BYTES: i32 = 98304
export const OT_ARENA: usize = memory.data(98304, 16)

/** Size of a large work space, for pads (vole-work.ts) or points (base-ot.ts). An export clears it before it returns. */
export const OT_WORK_BYTES: i32 = 73728
export const OT_WORK: usize = memory.data(73728, 16)
