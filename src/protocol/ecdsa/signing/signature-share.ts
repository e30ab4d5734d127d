import type { Group, Scalar } from '../../../curve/group.ts'
import type { PartyId } from '../../../types.ts'
import { concatBytes, wipe } from '../../../util/bytes.ts'
import type { Reader } from '../../../util/codec.ts'
import { abort, readMessage } from '../../session/abort.ts'
import type { Digest32 } from './digest.ts'
import { assembleSignature, type EcdsaSignature, scalarOfCommitment, scalarOfDigest } from './signature.ts'

/** Length of w_i ‖ u_i, the last message of a signer. */
export const SIGNATURE_SHARE_BYTES = 64

/** A signer's parts of a signature, before the digest is used; secret. */
export interface ShareParts {
  /** φ_i */
  readonly mask: Scalar
  /** u_i, its share of k·φ */
  readonly denominator: Scalar
  /** v_i, its share of x·φ */
  readonly keyed: Scalar
}

/** Wipes a signer's parts of a signature. */
export function wipeShareParts({ mask, denominator, keyed }: ShareParts): void {
  wipe(mask, denominator, keyed)
}

/** The signature share w_i ‖ u_i with w_i = m·φ_i + r·v_i, where m is the digest and r the x coordinate of R. */
export function signatureShare(group: Group, digest: Digest32, encodedR: Uint8Array, parts: ShareParts): Uint8Array {
  const hashed = group.multiply(scalarOfDigest(group, digest), parts.mask)
  const signed = group.multiply(scalarOfCommitment(group, encodedR), parts.keyed)
  const sum = group.add(hashed, signed)
  try {
    return concatBytes(sum, parts.denominator)
  } finally {
    wipe(hashed, signed, sum)
  }
}

/** The session of the signature shares that {@link aggregate} puts together. */
export interface AggregateAbout {
  /** The signers by ascending id, this one included. */
  readonly signers: readonly PartyId[]
  /** This signer's id. */
  readonly self: PartyId
  /** R, 33 bytes */
  readonly commitment: Uint8Array
  /** pk', the key that signs, 33 bytes */
  readonly publicKey: Uint8Array
  /** The round of the shares, for errors. */
  readonly round: number
}

/**
 * Aggregates the signers' shares to a signature, and verifies it.
 *
 * @param shares w_i ‖ u_i by signer
 * @throws {RangeError} unless there is exactly one share of each signer
 * @throws {PROTOCOL_ABORTED} FORMAT, or SIG if the signature does not verify. SIG blames the peer if there are two signers,
 *   and nobody if there are more, because shares of an ECDSA signature cannot be verified one by one
 */
export function aggregate(
  group: Group,
  { signers, self, commitment, publicKey, round }: AggregateAbout,
  digest: Digest32,
  shares: ReadonlyMap<PartyId, Uint8Array>,
): EcdsaSignature {
  if (shares.size !== signers.length) throw new RangeError(`${shares.size} shares of ${signers.length} signers`)
  let [w, u] = [group.scalar(0), group.scalar(0)]
  for (const [i, id] of signers.entries()) {
    const share = shares.get(id)
    if (share === undefined) throw new RangeError(`the signature share of party ${id} is missing`)
    const [sharedW, sharedU] = readShare(group, share, i + 1, round)
    w = group.add(w, sharedW)
    u = group.add(u, sharedU)
  }
  const parts = { publicKey: group.decodePoint(publicKey), encodedR: commitment, digest, u, w }
  const signature = assembleSignature(group, parts)
  if (signature !== undefined) return signature
  const others = signers.flatMap((id, i) => (id === self ? [] : [i + 1]))
  return abort('SIG', round, others.length === 1 ? others : [], 'the signature does not verify')
}

function readShare(group: Group, share: Uint8Array, from: number, round: number): readonly [Scalar, Scalar] {
  const read = (reader: Reader): Scalar => group.decodeScalar(reader.bytes(32), { allowZero: true })
  return readMessage(share, round, from, (reader) => [read(reader), read(reader)])
}
