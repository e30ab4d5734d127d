import { MpcError } from '../../errors.ts'
import type { Intent, KeyRequest, WalletKeys } from '../../index.ts'
import { inBatches } from '../batches.ts'
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
 * Signs a digest with the server, by BIP 340 for P2TR and by ECDSA for all others, and verifies the signature.
 *
 * @returns 64 bytes: r ‖ s of ECDSA, or R.x ‖ s of BIP 340
 * @throws {PROTOCOL_ABORTED} if the signature is not one by the key of the address
 */
export async function signDigest(
  keys: WalletKeys,
  { digest, owner }: DigestToSign,
  options: SigningOptions,
): Promise<Uint8Array> {
  const { type, path } = owner
  const signature =
    type === 'p2tr'
      ? await keys.signTaproot({ message: digest, path, ...options })
      : (await keys.signEcdsa({ digest, path, ...options })).signature
  return verified(owner, digest, signature)
}

/**
 * Signs digests as {@link signDigest} does, up to 64 in one request: all of these or none.
 *
 * @returns the signatures in their order
 * @throws {PROTOCOL_ABORTED} if a signature is not one by the key of its address
 */
export async function signDigests(
  keys: WalletKeys,
  digests: readonly (DigestToSign & Pick<SigningOptions, 'intent'>)[],
  options: Pick<SigningOptions, 'signal'>,
): Promise<readonly Uint8Array[]> {
  const signatures: Uint8Array[] = []
  for (const batch of inBatches(digests, ({ digest }) => digest.length)) {
    const requests = batch.map(({ digest, owner: { type, path }, intent }): KeyRequest => {
      return type === 'p2tr'
        ? { kind: 'taproot', message: digest, path, intent }
        : { kind: 'ecdsa', digest, path, intent }
    })
    const made = await keys.signAll(requests, options)
    for (const [i, { owner, digest }] of batch.entries()) signatures.push(verified(owner, digest, made[i]))
  }
  return signatures
}

function verified(owner: OwnedOutput, digest: Uint8Array, signature: Uint8Array | undefined): Uint8Array {
  if (signature !== undefined && isSignatureOf(owner, digest, signature)) return signature
  throw new MpcError('PROTOCOL_ABORTED', `the signature is not one by the key of ${owner.address}`)
}
