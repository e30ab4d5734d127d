import type { Group } from '../curve/group.ts'
import { derivePath, deriveShare, parsePath, taprootOutputKey } from '../protocol/derive/index.ts'
import { digest32, hashMessage, type Digest32 } from '../protocol/ecdsa/signing/digest.ts'
import type { KeyPath } from '../protocol/ecdsa/signing/signing-setup.ts'
import { wipeKeyShare } from '../key-share/index.ts'
import type { KeyShare, ShareSetRecord } from '../key-share/types.ts'
import { fromHex } from '../util/bytes.ts'
import { intentHash } from './intent.ts'
import type { SignBip340Request, SignEcdsaRequest, SignEd25519Request, SignRequest } from './operations.ts'

/** The digest that an ECDSA request signs; both sides hash the message themselves. */
export function requestDigest({ message, hash }: Pick<SignEcdsaRequest, 'message' | 'hash'>): Digest32 {
  const bytes = fromHex(message)
  return hash === null ? digest32(bytes) : hashMessage(bytes, hash)
}

/** The hash of a request's intent, as an option of a signing session. */
export function signedIntent({ intent }: Pick<SignRequest, 'intent'>): { readonly intent?: Uint8Array } {
  return intent === undefined ? {} : { intent: intentHash(fromHex(intent)) }
}

/**
 * The derivation of the key at a path below a set's own; undefined for `m`.
 *
 * @throws {TypeError | RangeError} for a path that cannot be derived
 */
export function keyAtPath(group: Group, record: ShareSetRecord, path: string): KeyPath | undefined {
  const steps = parsePath(path)
  if (steps.length === 0) return undefined
  const { tweak } = derivePath(group, record, steps)
  return { path: steps, tweak }
}

/**
 * The public key at a path below a set's own: 33 bytes on secp256k1, 32 on ed25519.
 *
 * @throws {TypeError | RangeError} for a path that cannot be derived
 */
export function publicKeyAtPath(group: Group, record: ShareSetRecord, path: string): Uint8Array {
  return group.encodePoint(derivePath(group, record, parsePath(path)).publicKey)
}

/**
 * The share that a FROST request signs with: of the key at its path, tweaked if requested. It is a copy, which the caller
 * wipes.
 *
 * @throws {TypeError | RangeError} for a path or tweak that cannot be derived
 */
export function frostShare(group: Group, share: KeyShare, request: FrostKey): KeyShare {
  const derived = keyAtPath(group, share.record, request.path)
  const atPath = derived
    ? deriveShare(group, share, derived)
    : { ...share, secretShare: share.secretShare.slice() as typeof share.secretShare }
  if (request.tapTweak === undefined || request.tapTweak === null) return atPath
  try {
    const root = request.tapTweak === '' ? undefined : fromHex(request.tapTweak)
    return deriveShare(group, atPath, taprootOutputKey(group, atPath.record.publicKey, root))
  } finally {
    wipeKeyShare(atPath)
  }
}

/** Which key a FROST request signs with. */
type FrostKey = Pick<SignEd25519Request, 'path'> & Partial<Pick<SignBip340Request, 'tapTweak'>>
