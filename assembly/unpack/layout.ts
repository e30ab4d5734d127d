// What is where. scripts/pack-model.mjs has the same contexts.

/** Two probabilities of 16 bits for every context are at the beginning of the memory. */
export const KINDS: u32 = 0
export const REPEATED: u32 = KINDS + 2 * 256
export const SECOND: u32 = REPEATED + 2
export const LITERALS: u32 = SECOND + 1
export const LENGTHS: u32 = LITERALS + 8 * 3 * 256
/** Contexts of a number. */
export const NUMBER: u32 = 32 + 32 * 32
export const DISTANCES: u32 = LENGTHS + 2 * NUMBER
export const CONTEXTS: u32 = DISTANCES + 4 * NUMBER

/** Offset of the text, one byte per character. */
export const INPUT: usize = 0x10000
/** Offset of the output, with a zero before it. */
export const OUTPUT: usize = 0x20000
