import type { Intent } from '../index.ts'
import type { Curve } from '../types.ts'

/** A wallet's keys as adapters use them: the client's actions, bound to one wallet. */
export interface WalletKeys {
  /** The public key at `path`: 33 bytes on secp256k1 (SEC 1 compressed), 32 on ed25519 (RFC 8032). */
  getPublicKey(curve: Curve, path?: string): Promise<Uint8Array>
  /** Makes an ECDSA signature. */
  signEcdsa(request: EcdsaRequest): Promise<EcdsaSignature>
  /** Makes a BIP 340 signature with the Taproot output key. @returns 64 bytes: R.x ‖ s */
  signTaproot(request: TaprootRequest): Promise<Uint8Array>
  /** Makes an Ed25519 signature. @returns 64 bytes: R ‖ s (RFC 8032) */
  signEd25519(request: Ed25519Request): Promise<Uint8Array>
}

/** What every request for a signature may have. */
interface AnyRequest {
  /** What is signed, for the server's policy. */
  readonly intent?: Intent | undefined
  /** Aborts the signing. */
  readonly signal?: AbortSignal | undefined
}

/** A request for an ECDSA signature. */
export interface EcdsaRequest extends AnyRequest {
  /** The hash to sign, 32 bytes. */
  readonly digest: Uint8Array
  /** The path of the key (BIP 32), without hardened steps, such as `m/0/5`. Default: the wallet's key. */
  readonly path?: string | undefined
}

/** An ECDSA signature. */
export interface EcdsaSignature {
  /** 64 bytes: r ‖ s, with s in the lower half of the order */
  readonly signature: Uint8Array
  /** The parity of R's y, from which the public key can be recovered. */
  readonly recovery: 0 | 1
}

/** A request for a BIP 340 signature with a Taproot output key. */
export interface TaprootRequest extends AnyRequest {
  /** The signature hash, 32 bytes. */
  readonly message: Uint8Array
  /** The path of the internal key. Default: the wallet's key. */
  readonly path?: string | undefined
}

/** A request for an Ed25519 signature. */
export interface Ed25519Request extends AnyRequest {
  /** The message to sign, of any length. */
  readonly message: Uint8Array
  /** The path of the key (BIP32-Ed25519), without hardened steps. Default: the wallet's key. */
  readonly path?: string | undefined
}
