/** Computational security in bits, λ_c: columns of the extension, and base OTs of a direction. */
export const COLUMNS = 128
/**
 * Oblivious transfers of one multiplication, m: at least log q + 2λ_c + 3s (Asharov, eprint 2026/976, Variant II), which is
 * 752 for s = 80, and rounded up to whole elements of GF(2^128).
 */
export const TRANSFERS = 768
/** Bits of a column: the transfers and 128 that mask the consistency check. */
export const COLUMN_BITS = TRANSFERS + COLUMNS
/** A row of the matrix: two inputs and one mask, which is enough where log q ≥ λ_c + 2·log m. */
export const WIDTH = 3

export const SEED_BYTES = 32
export const ROW_BYTES = COLUMNS / 8
export const COLUMN_BYTES = COLUMN_BITS / 8

/** u ‖ x ‖ t */
export const EXTENSION_BYTES = COLUMNS * COLUMN_BYTES + ROW_BYTES + COLUMNS * ROW_BYTES
export const MATRIX_BYTES = TRANSFERS * WIDTH * 32
/** Q ‖ H(u) ‖ v */
export const PRODUCT_BYTES = MATRIX_BYTES + 32 + 32

export const POINT_BYTES = 33
/** s ‖ T of every base OT */
export const OFFERS_BYTES = COLUMNS * 2 * POINT_BYTES
/** u ‖ x ‖ t of the extension to the base OTs of the other direction */
export const REVERSED_BYTES = COLUMNS * 32 + ROW_BYTES + COLUMNS * ROW_BYTES
/** z, and that extension */
export const OFFERS_ANSWER_BYTES = POINT_BYTES + REVERSED_BYTES

/** The domain of the hash to the curve. */
export const OT_DOMAIN = 'reshare/v1/ecdsa-setup/ot_secp256k1_XMD:SHA-256_SSWU_RO_'
