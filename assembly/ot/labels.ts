// Offsets of the tags' SHA-256 digests in the table that callers hand in; src/protocol/ecdsa/tagged-batch.ts makes it.
export const LABEL_GADGET: usize = 0
export const LABEL_OTE_PRG: usize = 32
export const LABEL_OTE_U: usize = 64
export const LABEL_OTE_CHI: usize = 96
export const LABEL_OTE_PAD: usize = 128
export const LABEL_VOLE_PAYLOAD: usize = 160
export const LABEL_THETA: usize = 192
export const LABEL_MU: usize = 224
export const LABEL_OT_OFFER: usize = 256
export const LABEL_OT_CONTEXT: usize = 288
export const LABEL_OT_KEY: usize = 320
export const LABEL_OT_REVERSED_KEY: usize = 352
