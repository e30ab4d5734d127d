import type { OtState } from '../../src/protocol/ecdsa/index.ts'
import type { WalletShares } from '../../src/key-share/index.ts'

/** What a client keeps of a signing set besides its shares, to sign with ECDSA. */
export interface EcdsaHeld {
  readonly pair?: OtState | undefined
  readonly preprocessing?: HeldPreprocessing | undefined
  /** Those of a `signAll`. */
  readonly preprocessings?: readonly HeldPreprocessing[] | undefined
  /** By whose share it proves that it may begin; the source's unless given. */
  readonly begins?: WalletShares | undefined
}

/** A preprocessing in bytes, used as often as tests like. */
export interface HeldPreprocessing {
  /** lower-case hex */
  readonly id: string
  readonly encoded: Uint8Array
}
