import type { Group, Scalar } from '../../curve/group.ts'
import { ProtocolError } from '../../errors.ts'
import { hpkeOpen, hpkeSeal, type HpkePurpose } from '../../hpke/base.ts'
import { generateKeyPair, type HpkeKeyPair } from '../../hpke/x25519.ts'
import { findParty } from '../../key-share/record.ts'
import { secretOf } from '../../key-share/key-share.ts'
import type { KeyShare, ShareSetRecord } from '../../key-share/types.ts'
import { recombine, type Share } from '../../secret-sharing/shamir.ts'
import type { PartyId } from '../../types.ts'
import { abytes, utf8, wipe } from '../../util/bytes.ts'
import { isCodecError, Writer } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import type { RandomSource } from '../../util/random.ts'
import { provePossession, verifyPossession } from '../possession/index.ts'
import { createHasher } from '../transcript/transcript.ts'
import { tag } from '../transcript/tags.ts'

export { validatePublicKey } from '../../hpke/base.ts'
export type { HpkeKeyPair } from '../../hpke/x25519.ts'

const OPERATION_LENGTH = 16
const CHALLENGE_LENGTH = 32

/** The round of the proof and of the sealed share. Round 1 has the challenge. */
const ROUND = 2

/** The terms of an export, the same for both parties: `from` sends its share of one curve to `to`, sealed. */
export interface ExportTerms {
  /** The curve's arithmetic, from `getGroup`. */
  readonly group: Group
  /** The public record of the share set. */
  readonly record: ShareSetRecord
  /** The party whose share is exported. */
  readonly from: PartyId
  /** The party that receives it. */
  readonly to: PartyId
  /** The public key that the share is sealed to, 32 bytes: a {@link generateReceiver} key made for this export alone. */
  readonly receiver: Uint8Array
  /** The id of the export, 16 bytes. */
  readonly operation: Uint8Array
}

/**
 * Generates the X25519 key pair that a share is sealed to, for one export.
 *
 * It also depends on the receiving party's own share, so that knowing `random` is not enough to open the sealed share.
 *
 * @returns the caller wipes the secret key
 */
export function generateReceiver({
  share,
  operation,
  random,
}: {
  /** The share of the receiving party. */
  readonly share: KeyShare
  /** The id of the export, 16 bytes. */
  readonly operation: Uint8Array
  /** Cryptographically secure random bytes. */
  readonly random: RandomSource
}): HpkeKeyPair {
  const name = abytes(operation, OPERATION_LENGTH, 'operation')
  return generateKeyPair(hedgedRandom(random, 'receiver key', secretOf(share), share.record.setId, name))
}

/**
 * Proves that the receiving party holds its own share and requests the other's. The proof is bound to the challenge and to
 * all terms.
 *
 * @returns `R | z[32]`
 * @throws {RangeError} if the set lacks one of the two parties, or the challenge or the id of the export has another length
 * @throws {TypeError} if the share was wiped
 */
export function proveExport(
  terms: ExportTerms,
  {
    share,
    challenge,
    random,
  }: {
    /** The share of the receiving party. */
    readonly share: KeyShare
    /** 32 bytes from the other party's `newChallenge`. */
    readonly challenge: Uint8Array
    /** Cryptographically secure random bytes. */
    readonly random: RandomSource
  },
): Uint8Array {
  const { group, from } = terms
  return provePossession({ group, share, verifier: from, nonce: exportNonce(terms, challenge), use: 'export', random })
}

/**
 * Checks the proof of {@link proveExport}, and seals this party's share to the receiver's key.
 *
 * @param options.share the share to export
 * @param options.challenge the 32 bytes that this party drew for this export; they must not be used again
 * @param options.proof the result of {@link proveExport}
 * @returns `encapsulated key[32] | s_i[32] in ChaCha20-Poly1305 | tag[16]` (HPKE, RFC 9180)
 * @throws {PROTOCOL_ABORTED} FORMAT or POP, blaming the receiving party, if the proof is malformed or fails
 * @throws {RangeError} if the share is not that of `terms.from`, or as {@link proveExport}
 * @throws {CodecError} if the receiver's public key is of small order
 */
export function releaseShare(
  terms: ExportTerms,
  options: {
    readonly share: KeyShare
    readonly challenge: Uint8Array
    readonly proof: Uint8Array
    readonly random: RandomSource
  },
): Uint8Array {
  const { group, record, from, to, receiver } = terms
  const { share, challenge, proof, random } = options
  if (share.id !== from) throw new RangeError(`the share is not that of party ${from}`)
  const secret = secretOf(share)
  const nonce = exportNonce(terms, challenge)
  verifyPossession({ group, record, prover: to, verifier: from, nonce, use: 'export', proof })
  return hpkeSeal(receiver, sealPurpose(terms), secret, random)
}

/**
 * Opens the sealed share of {@link releaseShare}, and checks it: s_i·G = Y_i.
 *
 * @param keyPair the key pair of {@link generateReceiver}
 * @returns the share; the caller wipes it
 * @throws {PROTOCOL_ABORTED} FORMAT or FELDMAN, blaming the sender
 */
export function receiveShare(terms: ExportTerms, keyPair: HpkeKeyPair, sealed: Uint8Array): Share {
  const { group, record, from } = terms
  let bytes: Uint8Array | undefined
  let value: Scalar
  try {
    bytes = hpkeOpen(keyPair, sealPurpose(terms), sealed)
    value = group.decodeScalar(bytes)
  } catch (error) {
    if (!isCodecError(error)) throw error
    throw new ProtocolError('FORMAT', ROUND, [from], `party ${from}: ${error.message}`)
  } finally {
    wipe(bytes)
  }
  const party = findParty(record, from)
  if (party !== undefined && group.equalPoints(group.multiplyBase(value), party.verifyingShare)) {
    return { id: from, value }
  }
  wipe(value)
  throw new ProtocolError('FELDMAN', ROUND, [from], 'the share does not match its verifying share')
}

/**
 * Recombines the private key x from the shares of a set, and checks x·G = pk.
 *
 * After that the whole key is in one place: whoever reads these bytes can sign alone.
 *
 * @param shares t or more, each checked against its verifying share
 * @returns x, 32 bytes, big-endian on secp256k1 and little-endian on ed25519; the caller wipes it
 * @throws {PROTOCOL_ABORTED} PKSUM if x·G is not the public key
 */
export function recombineKey(group: Group, record: ShareSetRecord, shares: readonly Share[]): Scalar {
  const key = recombine(group, shares, record.threshold)
  if (group.equalPoints(group.multiplyBase(key), record.publicKey)) return key
  wipe(key)
  throw new ProtocolError('PKSUM', ROUND, [], 'the shares do not make the key')
}

/** The nonce of the proof of possession. It covers all terms, so no message fits another export. */
function exportNonce({ group, record, from, to, receiver, operation }: ExportTerms, challenge: Uint8Array): Uint8Array {
  const hash = createHasher(group.curve, 'operation')
  return hash(
    'export',
    abytes(challenge, CHALLENGE_LENGTH, 'challenge'),
    abytes(operation, OPERATION_LENGTH, 'operation'),
    record.walletId,
    record.setId,
    from,
    to,
    receiver,
  )
}

function sealPurpose({ group, record, from, to, operation }: ExportTerms): HpkePurpose {
  const info = utf8(tag(group.curve, 'operation', 'export'))
  const aad = new Writer().bytes(operation).bytes(record.walletId).bytes(record.setId).u8(from).u8(to).finish()
  return { info, aad }
}
