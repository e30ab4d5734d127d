import type { Group } from '../curve/group.ts'
import type { ShareStore } from '../storage/types.ts'
import type { Transport } from '../transport/types.ts'
import type { Curve } from '../types.ts'
import type { RandomSource } from '../util/random.ts'

/** What {@link createClient} binds together. Actions take it as their first argument. */
export interface Client {
  readonly transport: Transport
  readonly storage: ShareStore
  readonly random: RandomSource
  /** The name under which other devices see this one in the list of sets. */
  readonly label: string
  /** How long an action may take where its own `timeoutMs` says nothing else. */
  readonly timeoutMs: number
  readonly group: (curve: Curve) => Group
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The operations that this client is in the middle of. */
  readonly operations: Set<string>
  /** The operations that this client has ended without hearing what was decided: its own to settle at once. */
  readonly unheard: Set<string>
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
