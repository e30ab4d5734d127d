// Offsets of the tags' SHA-256 digests in the table that callers pass, which src/protocol/ecdsa/ot/tagged-batch.ts makes.
export const LABEL_OTE_PRG: usize = 0
export const LABEL_OTE_U: usize = 32
export const LABEL_OTE_CHI: usize = 64
export const LABEL_OTE_T: usize = 96
export const LABEL_OTE_X: usize = 128
export const LABEL_VOLE_CONTEXT: usize = 160
export const LABEL_OTE_PAD: usize = 192
export const LABEL_VOLE_MATRIX: usize = 224
export const LABEL_VOLE_CHI: usize = 256
export const LABEL_VOLE_CHECK: usize = 288
export const LABEL_VOLE_MESSAGE: usize = 320
export const LABEL_GADGET: usize = 352
export const LABEL_OT_OFFER: usize = 384
export const LABEL_OT_CONTEXT: usize = 416
export const LABEL_OT_KEY: usize = 448
export const LABEL_OT_REVERSED_KEY: usize = 480
