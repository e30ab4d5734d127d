import type { Intent, IntentKind } from '../wire/intent.ts'
import type { SignatureScheme } from '../types.ts'
import type { BitcoinIntent, BitcoinMessageIntent } from './bitcoin/types.ts'
import type { EthereumIntent } from './ethereum/types.ts'
import type { SolanaIntent } from './solana/types.ts'

/** Only the digest or message is known: the client has said nothing of it, or nothing that this server can check. */
export interface RawIntent {
  /** Names the kind. */
  readonly kind: 'raw'
  /** Nothing was checked. */
  readonly verified: false
}

/** What is signed, decoded: the digest or message of the request was computed from it. */
export type VerifiedIntent = EthereumIntent | BitcoinIntent | BitcoinMessageIntent | SolanaIntent

/** What the policy is told of a signature. */
export type PolicyIntent = RawIntent | VerifiedIntent

/** The signature that an intent comes with. */
export interface IntendedSignature {
  /** The signature scheme. */
  readonly scheme: SignatureScheme
  /** The digest that ECDSA signs; the message of the other schemes. */
  readonly message: Uint8Array
  /**
   * The public key at the request's path, before a Taproot tweak: 33 bytes on secp256k1 (SEC 1 compressed), 32 on ed25519.
   */
  readonly publicKey: Uint8Array
}

/** An intent, decoded. */
export interface DecodedIntent {
  /** The scheme by which it is signed. */
  readonly scheme: SignatureScheme
  /** The digest (ECDSA) or message that is signed for it, computed from it alone. */
  readonly message: Uint8Array
  /** What the policy is told. */
  readonly intent: VerifiedIntent
}

/** Decodes the intents of one chain. */
export interface IntentDecoder {
  /** The kinds that it decodes. */
  readonly kinds: readonly IntentKind[]
  /**
   * Decodes an intent of one of its kinds. The client can send anything: whatever can be read in two ways has to be refused.
   *
   * @throws {RangeError} if it is not valid; clients get the message
   */
  decode(intent: Intent, signature: IntendedSignature): DecodedIntent
}
