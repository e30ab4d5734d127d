/** A peer sent what no honest one sends; `src/wasm/ot.ts` mirrors it. Continues the codes of ../memory. */
export const CHEAT: i32 = 3

/** Inputs and outputs of the exports of oblivious transfer, at offsets that the caller chooses and wipes. */
export const OT_ARENA_BYTES: i32 = 98304
export const OT_ARENA: usize = memory.data(98304, 16)

/** Large work space of one export at a time, which leaves it cleared: pads (vole-work.ts), points (base-ot.ts). */
export const OT_WORK_BYTES: i32 = 73728
export const OT_WORK: usize = memory.data(73728, 16)
