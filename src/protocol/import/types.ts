import type { Scalar } from '../../curve/group.ts'
import type { PartyId } from '../../types.ts'
import type { KeygenOptions } from '../keygen/types.ts'

/** Options of `restoreImport`. All but `self` and `random` must be the same for every party. */
export interface ImportTerms extends KeygenOptions {
  /** The id of the party that has the key. */
  readonly dealer: PartyId
  /** The public key of the imported key, encoded: 33 bytes on secp256k1 (SEC 1 compressed), 32 on ed25519 (RFC 8032). */
  readonly publicKey: Uint8Array
  /** The chain code that the key's children are derived with, 32 bytes. Default: one that all parties draw together. */
  readonly chainCode?: Uint8Array
}

/** Options of `createImport`. */
export interface ImportOptions extends ImportTerms {
  /** The key, if this party is the dealer. Secret; it is copied, and the caller wipes its own. */
  readonly secret?: Scalar
}
