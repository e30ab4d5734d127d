import type { Group, Scalar } from '../../curve/group.ts'
import { ProtocolError } from '../../errors.ts'
import { findParty } from '../../key-share/record.ts'
import { secretOf } from '../../key-share/key-share.ts'
import type { KeyShare, SetParty, ShareSetRecord } from '../../key-share/types.ts'
import type { PartyId } from '../../types.ts'
import { abytes } from '../../util/bytes.ts'
import { Writer } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import type { RandomSource } from '../../util/random.ts'
import { readMessage } from '../session/abort.ts'
import { failingClaims, proveKnowledge, readProof, writeProof } from '../dealing/schnorr-proof.ts'
import { createHasher, scalarFromHash } from '../transcript/transcript.ts'

const NONCE_LENGTH = 32

/**
 * What a proof of possession is for. It is hashed into the challenge, so a proof for one use is never valid for another,
 * whoever chose the nonce.
 *
 * - `proof`: the prover holds its share;
 * - `export`: the prover requests another party's share;
 * - `begin`: the prover starts an operation with its share. The nonce is a hash that names only that operation.
 */
export type PossessionUse = 'proof' | 'export' | 'begin'

/** Options of {@link provePossession}. */
export interface ProvePossessionOptions {
  /** The curve's arithmetic, from `getGroup`. */
  readonly group: Group
  /** The prover's share. */
  readonly share: KeyShare
  /** The id of the verifying party in the set. */
  readonly verifier: PartyId
  /** 32 bytes from the verifier's {@link newChallenge}. */
  readonly nonce: Uint8Array
  /** Default: `proof`. */
  readonly use?: PossessionUse
  /** A cryptographically secure source of random bytes. */
  readonly random: RandomSource
}

/** Options of {@link verifyPossession}. */
export interface VerifyPossessionOptions {
  /** The curve's arithmetic, from `getGroup`. */
  readonly group: Group
  /** The public record of the share set. */
  readonly record: ShareSetRecord
  /** The id of the party that claims to hold its share. */
  readonly prover: PartyId
  /** The id of the verifying party in the set. */
  readonly verifier: PartyId
  /** The 32 bytes that the verifier drew for this proof. They must not be used again. */
  readonly nonce: Uint8Array
  /** Default: `proof`. */
  readonly use?: PossessionUse
  /** The result of {@link provePossession}: `R | z[32]`. */
  readonly proof: Uint8Array
}

/**
 * Draws 32 bytes with which a verifier challenges a prover, for one proof.
 *
 * @param about the id of what the proof is for. The bytes depend on it, so repeated randomness does not give two ids the
 *   same challenge.
 */
export function newChallenge(random: RandomSource, about: Uint8Array): Uint8Array {
  return hedgedRandom(random, 'challenge', new Uint8Array(), abytes(about, undefined, 'about'))(NONCE_LENGTH)
}

/**
 * Proves to another party that this party holds its share of the set, by a Schnorr proof that is bound to (use, setId, i,
 * Y_i, pk, verifier, nonce).
 *
 * @returns `R | z[32]`: 65 bytes on secp256k1, 64 on ed25519
 * @throws {RangeError} if the set lacks one of the two parties, or the nonce is not 32 bytes
 * @throws {TypeError} if the share was wiped
 *
 * @example
 * const nonce = newChallenge(random, operationId) // by the verifier
 * const proof = provePossession({ group, share, verifier: partyId(2), nonce, random })
 * verifyPossession({ group, record: share.record, prover: partyId(1), verifier: partyId(2), nonce, proof })
 */
export function provePossession(options: ProvePossessionOptions): Uint8Array {
  const { group, share, verifier, nonce, use = 'proof', random } = options
  const challenge = possessionChallenge(group, { record: share.record, prover: share.id, verifier, nonce, use })
  return writeProof(new Writer(), proveKnowledge(group, secretOf(share), random, challenge)).finish()
}

/**
 * Verifies the proof of {@link provePossession}. Returns if it is valid, and throws otherwise.
 *
 * @throws {RangeError} if the set lacks one of the two parties, or the nonce is not 32 bytes
 * @throws {PROTOCOL_ABORTED} FORMAT or POP, blaming the prover's party id, if the proof is malformed or fails
 */
export function verifyPossession(options: VerifyPossessionOptions): void {
  const { group, record, prover, verifier, nonce, use = 'proof', proof: bytes } = options
  const challenge = possessionChallenge(group, { record, prover, verifier, nonce, use })
  const proof = readMessage(abytes(bytes, undefined, 'proof'), 1, prover, (reader) => readProof(group, reader))
  const { verifyingShare } = partyOf(record, prover)
  if (failingClaims(group, [{ point: verifyingShare, proof, challenge }]).length > 0) {
    throw new ProtocolError('POP', 1, [prover], 'the proof of possession fails')
  }
}

/** What a proof is bound to. */
type PossessionStatement = Required<Omit<VerifyPossessionOptions, 'group' | 'proof'>>

function possessionChallenge(
  group: Group,
  { record, prover, verifier, nonce, use }: PossessionStatement,
): (commitment: Uint8Array) => Scalar {
  abytes(nonce, NONCE_LENGTH, 'nonce')
  const { id: verifierId } = partyOf(record, verifier)
  const { verifyingShare } = partyOf(record, prover)
  const [share, publicKey] = group.encodePoints([verifyingShare, record.publicKey]) as [Uint8Array, Uint8Array]
  const hash = createHasher(group.curve, 'possession')
  return (commitment) =>
    scalarFromHash(group, hash, hash(use, record.setId, prover, share, publicKey, verifierId, nonce, commitment))
}

function partyOf(record: ShareSetRecord, id: PartyId): SetParty {
  const party = findParty(record, id)
  if (party === undefined) throw new RangeError(`the set has no party ${id}`)
  return party
}
