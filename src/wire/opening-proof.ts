import type { Group } from '../curve/group.ts'
import { provePossession, verifyPossession } from '../protocol/possession/index.ts'
import type { KeyShare, ShareSetRecord } from '../key-share/types.ts'
import { createHasher } from '../util/tagged-hash.ts'
import { fromHex, toHex } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import { encodeRoundBody, type SessionMessage } from './round-body.ts'
import type { OperationId, OperationRequest } from './operations.ts'
import { partiesOf } from './sessions.ts'

/** The operations that nobody begins who does not hold the client's half of the set that they name. */
type ProvenRequest = Extract<OperationRequest, { kind: 'backup' | 'recover' | 'refresh' | 'prove' | 'export' }>

/** What the header of such an operation's first flight has besides the request: a proof by the share on secp256k1, in hex. */
export interface OpeningProof {
  readonly proof: string
}

/** `R | z` on secp256k1. */
export const OPENING_PROOF_LENGTH = 65

export const PROVEN_KINDS: ReadonlySet<OperationRequest['kind']> = new Set([
  'backup',
  'recover',
  'refresh',
  'prove',
  'export',
])

export function isProven(request: OperationRequest): request is ProvenRequest {
  return PROVEN_KINDS.has(request.kind)
}

/** The first flight of such an operation, before its proof is in its header. */
export interface FirstRound {
  readonly operationId: OperationId
  readonly request: ProvenRequest
  readonly messages: readonly SessionMessage[]
}

/**
 * The header of such a flight: the request, and a proof that the client holds its half of the set.
 *
 * @param share the client's on secp256k1
 */
export function provenHeader(
  group: Group,
  flight: FirstRound,
  share: KeyShare,
  random: RandomSource,
): ProvenRequest & OpeningProof {
  const [, { id: verifier }] = parties(share.record)
  const proof = provePossession({ group, share, verifier, nonce: nonceOf(flight), use: 'begin', random })
  return { ...flight.request, proof: toHex(proof) }
}

/**
 * Checks the proof that an operation begins with.
 *
 * @throws {PROTOCOL_ABORTED} POP or FORMAT
 */
export function verifyOpeningProof(group: Group, flight: FirstRound, record: ShareSetRecord, proof: Uint8Array): void {
  const [{ id: prover }, { id: verifier }] = parties(record)
  verifyPossession({ group, record, prover, verifier, nonce: nonceOf(flight), use: 'begin', proof })
}

function parties({ purpose }: ShareSetRecord) {
  const [client, other] = partiesOf(purpose)
  return [client!, other!] as const
}

const hash = createHasher('wallet', 'operation')

/**
 * No verifier draws it: it is a hash of all that the flight says. An operation begins once, and its decision is kept for
 * ever, so that a proof that was seen begins nothing but what its prover has asked for.
 */
function nonceOf({ operationId, request, messages }: FirstRound): Uint8Array {
  const header = Object.fromEntries(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)))
  return hash('begin', fromHex(operationId), encodeRoundBody({ header, messages }))
}
