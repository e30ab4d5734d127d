import type { Group, Point, Scalar } from '../../curve/group.ts'
import { verifyingShare } from '../../secret-sharing/feldman.ts'
import type { PartyId } from '../../types.ts'
import { type Reader, Writer } from '../../util/codec.ts'
import { abort, readMessage } from '../session/abort.ts'
import type { Dealing } from './dealing.ts'
import {
  type Challenge,
  failingClaims,
  proofLength,
  proveKnowledge,
  readProof,
  type SchnorrProof,
  writeProof,
} from './schnorr-proof.ts'
import type { IdentifiedEnvironment } from './environment.ts'
import { scalarFromHash } from '../transcript/transcript.ts'

/** What a dealer broadcasts in round 2: the points of its commitment, and a proof that it knows the constant term. */
export interface Decommitment {
  /** C_i, each point encoded */
  readonly encoded: readonly Uint8Array[]
  /** Proof of knowledge of f_i0. */
  readonly proof: SchnorrProof
  /** cc_i: 32 bytes in a key generation, empty in a reshare */
  readonly chainCodePart: Uint8Array
  /** ρ_i, 32 bytes */
  readonly blinding: Uint8Array
}

/** A decommitment and the dealer that sent it. */
export interface ReceivedDecommitment {
  /** The dealer's participant number. */
  readonly from: number
  readonly decommitment: Decommitment
}

/** The challenge of the proof of knowledge: `c = TH("pok", sid, i, C_i, R)` as a scalar. */
function knowledgeChallenge(
  { group, hash, sid }: IdentifiedEnvironment,
  participant: number,
  encoded: readonly Uint8Array[],
): Challenge {
  return (commitment) => scalarFromHash(group, hash, hash('pok', sid, participant, encoded, commitment))
}

/** Length in bytes of the decommitment of `threshold` coefficients. */
export function decommitmentLength({ pointLength }: Group, threshold: number, chainCodeLength: 0 | 32): number {
  return 1 + threshold * pointLength + proofLength(pointLength) + chainCodeLength + 32
}

/** The broadcast of round 2: `count u8 | count × C_ik | R | z[32] | cc_i | ρ_i[32]`. A reshare leaves out cc_i. */
export function decommitmentMessage(environment: IdentifiedEnvironment, dealing: Dealing): Uint8Array {
  const { coefficients, encoded, chainCodePart, blinding } = dealing
  const challenge = knowledgeChallenge(environment, environment.self, encoded)
  const proof = proveKnowledge(environment.group, coefficients[0] as Scalar, environment.random, challenge)
  const writer = new Writer().u8(encoded.length)
  for (const point of encoded) writer.bytes(point)
  return writeProof(writer, proof).bytes(chainCodePart).bytes(blinding).finish()
}

/**
 * Reads a decommitment. Its points are not decoded yet.
 *
 * @throws {CodecError} if z is not a canonical scalar or the length does not fit the count
 */
export function readDecommitment(group: Group, reader: Reader, chainCodeLength: 0 | 32): Decommitment {
  const encoded = Array.from({ length: reader.u8() }, () => reader.bytes(group.pointLength))
  const proof = readProof(group, reader)
  return { encoded, proof, chainCodePart: reader.bytes(chainCodeLength), blinding: reader.bytes(32) }
}

/** @throws {PROTOCOL_ABORTED} DEGREE unless the dealer committed to exactly t coefficients */
export function checkDegree({ from, decommitment }: ReceivedDecommitment, threshold: number): void {
  if (decommitment.encoded.length !== threshold) {
    abort('DEGREE', 2, [from], `participant ${from} deals a polynomial of another degree`)
  }
}

/**
 * Decodes the points of a decommitment.
 *
 * @throws {PROTOCOL_ABORTED} POINT unless all are points of the prime-order group other than the identity
 */
export function readPoints(group: Group, from: number, encoded: readonly Uint8Array[]): Point[] {
  const read = (): Point[] => group.decodePoints(encoded)
  return readMessage(new Uint8Array(0), 2, from, read, 'POINT')
}

/**
 * Verifies the proofs of knowledge of all decommitments.
 *
 * @param constants C_i0 of each decommitment
 * @throws {PROTOCOL_ABORTED} POK, blaming every dealer whose proof fails
 */
export function checkKnowledge(
  environment: IdentifiedEnvironment,
  opened: readonly ReceivedDecommitment[],
  constants: readonly Point[],
): void {
  const claims = opened.map(({ from, decommitment: { encoded, proof } }, i) => ({
    point: constants[i] as Point,
    proof,
    challenge: knowledgeChallenge(environment, from, encoded),
  }))
  const blame = failingClaims(environment.group, claims).map((i) => (opened[i] as ReceivedDecommitment).from)
  if (blame.length > 0) abort('POK', 2, blame, 'a proof of knowledge of a constant term fails')
}

/** A share that a dealer sent to this participant, with the commitment that it must match. */
export interface ReceivedShare {
  /** The dealer's participant number. */
  readonly from: number
  /** C_i */
  readonly commitment: readonly Point[]
  /** f_i(id). Secret. */
  readonly share: Scalar
}

/**
 * Checks the shares that this participant was dealt (Feldman).
 *
 * @param id this participant's id in the new set
 * @param round the round of the shares, for the error
 * @throws {PROTOCOL_ABORTED} FELDMAN, blaming every dealer whose share is not f_i(id)
 */
export function checkShares(group: Group, shares: readonly ReceivedShare[], id: PartyId, round: number): void {
  const points = group.multiplyBaseBatch(shares.map(({ share }) => share))
  const blame = shares
    .filter(({ commitment }, i) => !group.equalPoints(points[i] as Point, verifyingShare(group, commitment, id)))
    .map(({ from }) => from)
  if (blame.length > 0) abort('FELDMAN', round, blame, 'a share is not on the polynomial that was committed to')
}
