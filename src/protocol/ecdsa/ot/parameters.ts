/** λ_c, computational security in bits: the columns of an extension, and the base OTs of each direction. */
export const COLUMNS = 128
/**
 * m, the oblivious transfers of one multiplication. It must be at least log q + 2λ_c + 3s (Asharov, eprint 2026/976,
 * Variant II), which is 752 for s = 80. It is rounded up to whole elements of GF(2^128).
 */
export const TRANSFERS = 768
/** Bits of a column: one for each transfer, and 128 that mask the consistency check. */
export const COLUMN_BITS = TRANSFERS + COLUMNS
/** Numbers in a row of the matrix: two inputs and one mask. One mask is enough since log q ≥ λ_c + 2·log m. */
export const WIDTH = 3

export const SEED_BYTES = 32
export const ROW_BYTES = COLUMNS / 8
export const COLUMN_BYTES = COLUMN_BITS / 8

/** Bob's message u ‖ x ‖ t. */
export const EXTENSION_BYTES = COLUMNS * COLUMN_BYTES + ROW_BYTES + COLUMNS * ROW_BYTES
export const MATRIX_BYTES = TRANSFERS * WIDTH * 32
/** Alice's response Q ‖ H(u) ‖ v. */
export const PRODUCT_BYTES = MATRIX_BYTES + 32 + 32

export const POINT_BYTES = 33
/** The offers: s ‖ T of every base OT. */
export const OFFERS_BYTES = COLUMNS * 2 * POINT_BYTES
/** The message u ‖ x ‖ t that extends to the base OTs of the other direction. */
export const REVERSED_BYTES = COLUMNS * 32 + ROW_BYTES + COLUMNS * ROW_BYTES
/** The response to the offers: z and that message. */
export const OFFERS_RESPONSE_BYTES = POINT_BYTES + REVERSED_BYTES

/** The domain separation tag of the hash to the curve (RFC 9380 §3.1). */
export const OT_DOMAIN = 'reshare/v1/ecdsa-setup/ot_secp256k1_XMD:SHA-256_SSWU_RO_'
