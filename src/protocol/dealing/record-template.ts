import type { Group, Point, Scalar } from '../../curve/group.ts'
import { verifyingShares } from '../../secret-sharing/feldman.ts'
import type { ShareSetRecord } from '../../key-share/types.ts'
import type { PartyId, Purpose, Role } from '../../types.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import { type Reader, Writer } from '../../util/codec.ts'
import { decodeShareSetRecord, encodeShareSetRecord } from '../../key-share/record.ts'
import { abort, readMessage } from '../session/abort.ts'
import { readSecret } from './dealing.ts'
import {
  type Challenge,
  type Claim,
  failingClaims,
  proofLength,
  proveKnowledge,
  readProof,
  writeProof,
} from './schnorr-proof.ts'
import type { IdentifiedEnvironment } from './environment.ts'
import { scalarFromHash } from '../transcript/transcript.ts'

/** A new set as this participant has computed it, before the others have confirmed it. */
export interface RecordTemplate {
  /** T, 32 bytes: the hash of all broadcasts */
  readonly transcript: Uint8Array
  readonly record: ShareSetRecord
  /** This participant's share s_i, if it receives one. Secret. */
  readonly own?: { readonly id: PartyId; readonly secretShare: Scalar }
}

/** The template of a participant that receives a share. */
export type ReceiverTemplate = RecordTemplate & Required<Pick<RecordTemplate, 'own'>>

/** The fields of a new record that do not come from the dealers' commitments. */
export interface Blueprint {
  /** 32 bytes */
  readonly setId: Uint8Array
  /** 16 bytes */
  readonly walletId: Uint8Array
  readonly purpose: Purpose
  /** t */
  readonly threshold: number
  /** By ascending id. */
  readonly parties: readonly { readonly id: PartyId; readonly role: Role }[]
  /** 32 bytes */
  readonly chainCode: Uint8Array
}

/**
 * Builds the record of the new set. Its polynomial is the sum of the dealers' polynomials.
 *
 * @param total ΣC_i, the commitment to that sum
 * @param round the round in which it is built, for the error
 * @throws {PROTOCOL_ABORTED} PKSUM if the public key or a verifying share is the identity: that secret would be zero
 */
export function buildRecord(
  group: Group,
  total: readonly Point[],
  blueprint: Blueprint,
  round: number,
): ShareSetRecord {
  const { setId, walletId, purpose, threshold, chainCode } = blueprint
  const publicKey = total[0] as Point
  const ids = blueprint.parties.map(({ id }) => id)
  const shares = verifyingShares(group, total, ids)
  if ([publicKey, ...shares].some((point) => group.isIdentity(point))) {
    abort('PKSUM', round, [], 'the key or a share of it is zero')
  }
  const parties = blueprint.parties.map(({ id, role }, i) => ({ id, role, verifyingShare: shares[i] as Point }))
  return { curve: group.curve, setId, walletId, purpose, threshold, parties, publicKey, chainCode }
}

/** The challenges of the proofs of possession: `c = TH("pop", sid, T, i, Y_i, pk, chainCode, R)`; i is the id in the set. */
function possessionChallenges({ group, hash, sid }: IdentifiedEnvironment, { record, transcript }: RecordTemplate) {
  const points = group.encodePoints([...record.parties.map((party) => party.verifyingShare), record.publicKey])
  const publicKey = points[record.parties.length] as Uint8Array
  return (index: number): Challenge => {
    const statement = [transcript, record.parties[index]?.id as PartyId, points[index] as Uint8Array, publicKey]
    return (commitment) => scalarFromHash(group, hash, hash('pop', sid, ...statement, record.chainCode, commitment))
  }
}

function indexOfParty(record: ShareSetRecord, id: PartyId): number {
  return record.parties.findIndex((party) => party.id === id)
}

/** Length in bytes of the message of the last round. */
export function confirmationLength({ pointLength }: Group): number {
  return 32 + proofLength(pointLength)
}

/** The message of the last round, `T[32] | R | z[32]`. It states that the sender has seen T and has stored its share. */
export function confirmationMessage(environment: IdentifiedEnvironment, template: ReceiverTemplate): Uint8Array {
  const { id, secretShare } = template.own
  const challenge = possessionChallenges(environment, template)(indexOfParty(template.record, id))
  const proof = proveKnowledge(environment.group, secretShare, environment.random, challenge)
  return writeProof(new Writer().bytes(template.transcript), proof).finish()
}

/** A message of the last round. */
export interface Confirmation {
  /** The sender's participant number. */
  readonly from: number
  /** The sender's id in the new set. */
  readonly id: PartyId
  /** `T[32] | R | z[32]` */
  readonly body: Uint8Array
}

/**
 * Checks the other participants' messages of the last round: all have seen the same T, and each holds its share.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT, ECHO or POP
 */
export function checkConfirmations(
  environment: IdentifiedEnvironment,
  template: RecordTemplate,
  confirmations: readonly Confirmation[],
  round: number,
): void {
  const { group } = environment
  const read = confirmations.map(({ from, id, body }) => {
    const readBody = (reader: Reader) => ({ transcript: reader.bytes(32), proof: readProof(group, reader) })
    return { from, index: indexOfParty(template.record, id), ...readMessage(body, round, from, readBody) }
  })
  if (!read.every(({ transcript }) => equalBytes(transcript, template.transcript))) {
    abort('ECHO', round, [], 'participants received different messages')
  }
  const challengeOf = possessionChallenges(environment, template)
  const claims = read.map(({ index, proof }): Claim => ({
    point: template.record.parties[index]?.verifyingShare as Point,
    proof,
    challenge: challengeOf(index),
  }))
  const blame = failingClaims(group, claims).map((i) => read[i]?.from as number)
  if (blame.length > 0) abort('POP', round, blame, 'a proof of possession of the new share fails')
}

/** Writes `present u8 | T[32] | record length u32 | record | id u8 | s_i[32]`; id 0 without a share. Secret. */
export function writeTemplate(group: Group, writer: Writer, template: RecordTemplate | undefined): void {
  if (template === undefined) {
    writer.u8(0)
    return
  }
  writer.u8(1).bytes(template.transcript).prefixed(encodeShareSetRecord(group, template.record))
  if (template.own === undefined) writer.u8(0)
  else writer.u8(template.own.id).bytes(template.own.secretShare)
}

/** @throws {CodecError | SHARE_PARSING_FAILED} for anything but what {@link writeTemplate} wrote */
export function readTemplate(group: Group, reader: Reader): RecordTemplate | undefined {
  if (reader.u8() === 0) return undefined
  const transcript = reader.bytes(32)
  const record = decodeShareSetRecord(() => group, reader.prefixed(1 << 14))
  const id = reader.u8() as PartyId
  return { transcript, record, ...(id === 0 ? {} : { own: { id, secretShare: readSecret(group, reader) } }) }
}

/** Wipes this participant's share of a new set. Does nothing without one. */
export function wipeTemplate(template: RecordTemplate | undefined): void {
  wipe(template?.own?.secretShare)
}
