import type { Intent } from '../wire/intent.ts'

/** One signature of several. */
export type KeyRequest =
  | (Omit<EcdsaRequest, 'signal'> & {
      /** Which of the wallet's signatures. */
      readonly kind: 'ecdsa'
    })
  | (Omit<TaprootRequest, 'signal'> & {
      /** Which of the wallet's signatures. */
      readonly kind: 'taproot'
    })
  | (Omit<Ed25519Request, 'signal'> & {
      /** Which of the wallet's signatures. */
      readonly kind: 'ed25519'
    })

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
