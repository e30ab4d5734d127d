// What is where. scripts/pack/model.mjs has the same symbols and contexts.

/** The longest code of a symbol in bits. */
export const LONGEST_CODE: u32 = 10

/** Symbols that begin a step: bytes, then lengths of copies. */
export const STEP_SYMBOLS: u32 = 256 + 16
/** Symbols of a distance. */
export const DISTANCE_SYMBOLS: u32 = 2 + 33
/** Tables of distances, by the length of the copy. */
export const DISTANCE_TABLES: u32 = 5
/** Contexts of a step. */
export const CONTEXTS: u32 = 3 * 256

/** By opcode: how many operands it has. */
export const OPERANDS: usize = 0
/** By context: its table. */
export const TABLE_OF: usize = OPERANDS + 256
/** The lengths of codes, of one table after another. */
export const LENGTHS: usize = TABLE_OF + CONTEXTS
/** The table of a list, then those of steps, then those of distances. By the next bits: a symbol and the length of its code. */
export const TABLES: usize = 0x2000
/** Length of a table in bytes. */
export const TABLE: usize = 2 << LONGEST_CODE

/** Offset of the text, one byte per character. */
export const INPUT: usize = 0x10000
/** Offset of the output, after room for the text. */
export const OUTPUT: usize = 0x20000
