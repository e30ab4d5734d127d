import type { Group } from '../curve/group.ts'
import type { EcdsaBackend } from '../protocol/ecdsa/ot/backend.ts'
import type { OtState } from '../protocol/ecdsa/ot/ot-state.ts'
import type { ShareStore } from '../storage/types.ts'
import type { Transport } from '../transport/types.ts'
import type { Curve } from '../types.ts'
import type { RandomSource } from '../util/random.ts'
import type { PreprocessingPool } from './ecdsa/preprocessing-pool.ts'

/** What ECDSA does once the server has been caught cheating: refuse, or make each signature with its own setup. */
export type OnCheating = 'refuse' | 'ephemeralSetup'

/** A client made by {@link createClient}. Actions take it as their first argument. */
export interface Client {
  readonly transport: Transport
  /** The app's store. */
  readonly store: ShareStore
  /** The store for an action: its calls end at the action's deadline. */
  readonly storage: ShareStore
  readonly random: RandomSource
  /** The name of this device in the list of sets. */
  readonly label: string
  /** How long an action may take, unless it has its own `timeoutMs`. */
  readonly timeoutMs: number
  /** The arithmetic of a curve. */
  readonly group: (curve: Curve) => Group
  /** The arithmetic of oblivious transfer, made at the first use. */
  readonly ecdsa: () => EcdsaBackend
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The operations that this client is running. */
  readonly operations: Set<string>
  /** The operations that this client has ended without learning their decision; it may ask for it at once. */
  readonly undecidedOperations: Set<string>
  readonly onCheating: OnCheating
  /** The poisoned OT states by set; they count even if they could not be stored. */
  readonly bans: Map<string, OtState>
  /** What is preprocessed for future ECDSA signatures. */
  readonly pool: PreprocessingPool
  /** Whether actions repeat requests that failed in transit. */
  readonly repeats: boolean
  /** Waits between two attempts, until the signal is aborted. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>
  /** Receives what the app's callbacks throw. Never throws. */
  readonly onError: (error: unknown) => void
  /** Wipes what is preprocessed for future ECDSA signatures, and preprocesses no more. Actions still work. */
  readonly dispose: () => void
}

/** Options of every action. */
export interface ActionOptions {
  /** Ends the action with ABORTED. What the server has committed by then is finished at the next use. */
  readonly signal?: AbortSignal
  /** Milliseconds after which the action ends with TIMEOUT. Default: the client's `timeoutMs`. */
  readonly timeoutMs?: number
}

/** A wallet as this device holds it. */
export interface Wallet {
  /** 16 bytes in lower-case hex */
  readonly id: string
  /** The signing set that this device uses: 32 bytes in lower-case hex. */
  readonly setId: string
  readonly publicKeys: PublicKeys
}

/** The public key of each curve. */
export interface PublicKeys {
  /** 33 bytes, SEC 1 compressed */
  readonly secp256k1: Uint8Array
  /** 32 bytes, RFC 8032 */
  readonly ed25519: Uint8Array
}

/** A signature that has been verified. */
export interface Signature {
  /** 64 bytes: R ‖ s, for `ecdsa` r ‖ s with s in the lower half of the order */
  readonly signature: Uint8Array
  /** The key it verifies under: 32 bytes, for `bip340` the x coordinate only; 33 for `ecdsa`. */
  readonly publicKey: Uint8Array
  /** The set that signed. */
  readonly setId: string
}

export interface EcdsaSignature extends Signature {
  /** The parity of R's y, by which the public key can be recovered (SEC 1 §4.1.6). */
  readonly recovery: 0 | 1
}
