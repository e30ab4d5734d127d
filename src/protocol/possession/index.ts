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
 * What a proof is given for: that the prover holds its share (`proof`), that it asks for another party's (`export`), or that
 * it begins something with it (`begin`), by a nonce that names that alone. One does not pass for the other, whoever chose
 * the nonce.
 */
export type PossessionUse = 'proof' | 'export' | 'begin'

/** What a prover is given. */
export interface ProvePossessionOptions {
  readonly group: Group
  readonly share: KeyShare
  /** The id of the verifying party in the set. */
  readonly verifier: PartyId
  /** 32 bytes from the verifier's {@link newChallenge} */
  readonly nonce: Uint8Array
  /** `proof` unless given */
  readonly use?: PossessionUse
  readonly random: RandomSource
}

/** What a verifier knows and was sent. */
export interface VerifyPossessionOptions {
  readonly group: Group
  readonly record: ShareSetRecord
  /** The id of the party that claims to hold its share. */
  readonly prover: PartyId
  /** The id of the verifying party in the set. */
  readonly verifier: PartyId
  /** 32 bytes that the verifier drew for this proof alone, and has used up now */
  readonly nonce: Uint8Array
  /** `proof` unless given */
  readonly use?: PossessionUse
  readonly proof: Uint8Array
}

/**
 * 32 bytes of the verifier for one proof.
 *
 * @param about the id of what the proof is for: nothing else gets these bytes, whatever `random` gives
 */
export function newChallenge(random: RandomSource, about: Uint8Array): Uint8Array {
  return hedgedRandom(random, 'challenge', new Uint8Array(), abytes(about, undefined, 'about'))(NONCE_LENGTH)
}

/**
 * Proves to one other party that this one holds its share of the set: `R | z[32]`, a Schnorr proof bound to
 * (setId, i, Y_i, pk, verifier, nonce).
 *
 * @throws {RangeError} if the set lacks one of the two parties, or the nonce is not 32 bytes
 * @throws {TypeError} if the share was wiped
 */
export function provePossession(options: ProvePossessionOptions): Uint8Array {
  const { group, share, verifier, nonce, use = 'proof', random } = options
  const challenge = possessionChallenge(group, share.record, share.id, verifier, nonce, use)
  return writeProof(new Writer(), proveKnowledge(group, secretOf(share), random, challenge)).finish()
}

/**
 * Checks such a proof.
 *
 * @throws {RangeError} if the set lacks one of the two parties, or the nonce is not 32 bytes
 * @throws {PROTOCOL_ABORTED} FORMAT or POP, blaming the prover's id, if it does not prove possession
 */
export function verifyPossession(options: VerifyPossessionOptions): void {
  const { group, record, prover, verifier, nonce, use = 'proof', proof: bytes } = options
  const challenge = possessionChallenge(group, record, prover, verifier, nonce, use)
  const proof = readMessage(abytes(bytes, undefined, 'proof'), 1, prover, (reader) => readProof(group, reader))
  const { verifyingShare } = partyOf(record, prover)
  if (failingClaims(group, [{ point: verifyingShare, proof, challenge }]).length > 0) {
    throw new ProtocolError('POP', 1, [prover], 'the proof of possession fails')
  }
}

function possessionChallenge(
  group: Group,
  record: ShareSetRecord,
  prover: PartyId,
  verifier: PartyId,
  nonce: Uint8Array,
  use: PossessionUse,
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
