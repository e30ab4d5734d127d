import type { Group } from '../curve/group.ts'
import type { EcdsaBackend } from '../protocol/ecdsa/ot/backend.ts'
import type { OtState } from '../protocol/ecdsa/ot/ot-state.ts'
import type { ShareStore } from '../storage/types.ts'
import type { Transport } from '../transport/types.ts'
import type { Curve } from '../types.ts'
import type { RandomSource } from '../util/random.ts'
import type { PreprocessingPool } from './preprocessing-pool.ts'

/** What ECDSA does once the server was caught cheating: nothing more, or a setup of its own for each signature. */
export type OnCheating = 'refuse' | 'ephemeralSetup'

/** What {@link createClient} binds together. Actions take it as their first argument. */
export interface Client {
  readonly transport: Transport
  /** As the app gave it. */
  readonly store: ShareStore
  /** As an action uses it: what it asks ends with the action's time. */
  readonly storage: ShareStore
  readonly random: RandomSource
  /** The name under which other devices see this one in the list of sets. */
  readonly label: string
  /** How long an action may take where its own `timeoutMs` says nothing else. */
  readonly timeoutMs: number
  readonly group: (curve: Curve) => Group
  readonly ecdsa: () => EcdsaBackend
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The operations that this client is in the middle of. */
  readonly operations: Set<string>
  /** The operations that this client has ended without hearing what was decided: its own to settle at once. */
  readonly undecidedOperations: Set<string>
  readonly onCheating: OnCheating
  /** The poisoned pairs by set: they count here even where the store could not take them. */
  readonly bans: Map<string, OtState>
  /** What is ready for ECDSA signatures to come. */
  readonly pool: PreprocessingPool
  /** Whether actions send again what fails on the way. */
  readonly repeats: boolean
  /** Waits between two attempts, until the signal is aborted. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>
  /** Told of what the app's callbacks fail with. Never throws. */
  readonly onError: (error: unknown) => void
  /** Wipes what is ready for ECDSA signatures to come, and makes none any more. Actions work as before. */
  readonly dispose: () => void
}

/** What every action takes besides its own parameters. */
export interface ActionOptions {
  /** Ends the action with ABORTED. What the server has decided by then is finished at the next use. */
  readonly signal?: AbortSignal
  /** Milliseconds after which the action ends with TIMEOUT; the client's own by default. */
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
  /** What it verifies under: 32 bytes, for `bip340` the x coordinate alone; 33 for `ecdsa`. */
  readonly publicKey: Uint8Array
  /** The set that signed. */
  readonly setId: string
}

export interface EcdsaSignature extends Signature {
  /** The parity of R's y, by which the public key can be recovered (SEC 1 §4.1.6). */
  readonly recovery: 0 | 1
}
