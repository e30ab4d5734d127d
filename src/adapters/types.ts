import type { Curve } from '../types.ts'

/** A wallet's keys as adapters use them: the client's actions, bound to one wallet. */
export interface WalletKeys {
  /** 33 bytes (SEC 1 compressed) or 32 (RFC 8032), of the key that `path` leads to. */
  getPublicKey(curve: Curve, path?: string): Promise<Uint8Array>
  signEcdsa(request: EcdsaRequest): Promise<EcdsaSignature>
  /** BIP 340 by the Taproot output key. @returns 64 bytes: R.x ‖ s */
  signTaproot(request: TaprootRequest): Promise<Uint8Array>
  /** @returns 64 bytes: R ‖ s (RFC 8032) */
  signEd25519(request: Ed25519Request): Promise<Uint8Array>
}

/** What every request to sign carries. */
interface Cancellable {
  readonly signal?: AbortSignal | undefined
}

export interface EcdsaRequest extends Cancellable {
  /** 32 bytes */
  readonly digest: Uint8Array
  /** BIP 32 without hardened steps, such as `m/0/5`; the wallet's key itself if absent. */
  readonly path?: string | undefined
}

export interface EcdsaSignature {
  /** 64 bytes: r ‖ s, s in the lower half */
  readonly signature: Uint8Array
  /** The parity of the y of R, by which the public key can be recovered. */
  readonly recovery: 0 | 1
}

export interface TaprootRequest extends Cancellable {
  /** The 32 bytes of the signature hash. */
  readonly message: Uint8Array
  /** To the internal key. */
  readonly path?: string | undefined
}

export interface Ed25519Request extends Cancellable {
  readonly message: Uint8Array
}
