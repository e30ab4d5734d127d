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

/** The round in which the proof comes in and the share goes out; the first one brings the challenge. */
const ROUND = 2

/** What the two sides of an export agree on: one share of one curve, from one party to another's key. */
export interface ExportTerms {
  readonly group: Group
  readonly record: ShareSetRecord
  /** Whose share is handed out. */
  readonly from: PartyId
  /** Who gets it. */
  readonly to: PartyId
  /** What the share is sealed to: a {@link generateReceiver} public key made for this export alone. */
  readonly receiver: Uint8Array
  /** 16 bytes that name the export. */
  readonly operation: Uint8Array
}

/**
 * The key pair that a share is sealed to, for one export. It depends on the share that asks, so that a random source which
 * others know does not open what is sealed to it.
 *
 * @param operation 16 bytes that name the export
 * @returns its secret key is the caller's to wipe
 */
export function generateReceiver({
  share,
  operation,
  random,
}: {
  readonly share: KeyShare
  readonly operation: Uint8Array
  readonly random: RandomSource
}): HpkeKeyPair {
  const name = abytes(operation, OPERATION_LENGTH, 'operation')
  return generateKeyPair(hedgedRandom(random, 'receiver key', secretOf(share), share.record.setId, name))
}

/**
 * Proves that this party holds its share and asks for the other's: `R | z[32]`, bound to the challenge and to all terms.
 *
 * @param challenge 32 bytes from the other party's `newChallenge`
 */
export function proveExport(
  terms: ExportTerms,
  {
    share,
    challenge,
    random,
  }: { readonly share: KeyShare; readonly challenge: Uint8Array; readonly random: RandomSource },
): Uint8Array {
  const { group, from } = terms
  return provePossession({ group, share, verifier: from, nonce: exportNonce(terms, challenge), use: 'export', random })
}

/**
 * Checks such a proof, and seals this party's share to the receiver.
 *
 * @param options.challenge 32 bytes that this party drew for this export alone, and has used up now
 * @returns `encapsulated key[32] | s_i[32] in ChaCha20-Poly1305 | tag[16]`
 * @throws {PROTOCOL_ABORTED} FORMAT or POP, blaming the receiving party, if it does not prove possession
 * @throws {CodecError} for a receiver of small order
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
 * Opens what {@link releaseShare} gave, and checks s_i·G = Y_i; secret, wiped by the caller.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT or FELDMAN, blaming the party that sent it
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
 * The private key x behind t shares of a set, with x·G = pk. From here on the key is in one place: whoever holds these
 * bytes needs nobody else.
 *
 * @param shares t or more, each checked against its verifying share
 * @returns x, 32 bytes as the group encodes scalars; secret, wiped by the caller
 * @throws {PROTOCOL_ABORTED} PKSUM if x·G is not the public key
 */
export function recombineKey(group: Group, record: ShareSetRecord, shares: readonly Share[]): Scalar {
  const key = recombine(group, shares, record.threshold)
  if (group.equalPoints(group.multiplyBase(key), record.publicKey)) return key
  wipe(key)
  throw new ProtocolError('PKSUM', ROUND, [], 'the shares do not make the key')
}

/** What the proof of possession answers: nothing of an export can be another's. */
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
