import { MpcError } from '../../errors.ts'
import type { Intent, WalletKeys } from '../../index.ts'
import type { OwnedOutput } from './address.ts'
import { isSignatureOf } from './signature.ts'

/** What is sent along with each request for a signature. */
export interface SigningOptions {
  /** What the digest is of. Undefined if it cannot be said. */
  readonly intent: Intent | undefined
  /** Aborts the signing. */
  readonly signal: AbortSignal | undefined
}

/** A digest, and the address whose key signs it. */
export interface DigestToSign {
  /** 32 bytes. */
  readonly digest: Uint8Array
  /** The wallet's address. */
  readonly owner: OwnedOutput
}

/**
 * Signs a digest with the server, by BIP 340 for P2TR and by ECDSA for all others, and verifies the signature. Everything
 * that is signed for Bitcoin comes through here.
 *
 * @returns 64 bytes: r ‖ s of ECDSA, or R.x ‖ s of BIP 340
 * @throws {PROTOCOL_ABORTED} if the signature is not one by the key of the address
 */
export async function signDigest(
  keys: WalletKeys,
  { digest, owner }: DigestToSign,
  options: SigningOptions,
): Promise<Uint8Array> {
  const { type, path, address } = owner
  const signature =
    type === 'p2tr'
      ? await keys.signTaproot({ message: digest, path, ...options })
      : (await keys.signEcdsa({ digest, path, ...options })).signature
  if (isSignatureOf(owner, digest, signature)) return signature
  throw new MpcError('PROTOCOL_ABORTED', `the signature is not one by the key of ${address}`)
}
