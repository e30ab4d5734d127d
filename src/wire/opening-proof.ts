import type { Group } from '../curve/group.ts'
import { provePossession, verifyPossession } from '../protocol/possession/index.ts'
import type { KeyShare, ShareSetRecord } from '../key-share/types.ts'
import { createHasher } from '../util/tagged-hash.ts'
import { fromHex, toHex } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import { encodeRoundBody, type SessionMessage } from './round-body.ts'
import type { OperationId } from './operations.ts'
import type { ProvenRequest } from './operation-definitions.ts'
import { partiesOf } from './sessions.ts'

/** Added to the request in the header of such an operation's first round: a proof with the secp256k1 share, in hex. */
export interface OpeningProof {
  readonly proof: string
}

/** `R | z` on secp256k1. */
export const OPENING_PROOF_LENGTH = 65

/** The first round of such an operation, before the proof is added to its header. */
export interface FirstRound {
  readonly operationId: OperationId
  readonly request: ProvenRequest
  readonly messages: readonly SessionMessage[]
}

/**
 * The header of the first round: the request, and a proof that the client holds its share of the set.
 *
 * @param share the client's share on secp256k1
 */
export function provenHeader(
  group: Group,
  firstRound: FirstRound,
  share: KeyShare,
  random: RandomSource,
): ProvenRequest & OpeningProof {
  const [, { id: verifier }] = parties(share.record)
  const proof = provePossession({ group, share, verifier, nonce: nonceOf(firstRound), use: 'begin', random })
  return { ...firstRound.request, proof: toHex(proof) }
}

/**
 * Verifies the proof that an operation starts with.
 *
 * @throws {PROTOCOL_ABORTED} POP or FORMAT
 */
export function verifyOpeningProof(
  group: Group,
  firstRound: FirstRound,
  record: ShareSetRecord,
  proof: Uint8Array,
): void {
  const [{ id: prover }, { id: verifier }] = parties(record)
  verifyPossession({ group, record, prover, verifier, nonce: nonceOf(firstRound), use: 'begin', proof })
}

function parties({ purpose }: ShareSetRecord) {
  const [client, other] = partiesOf(purpose)
  return [client!, other!] as const
}

const hash = createHasher('wallet', 'operation')

/**
 * The nonce is not chosen by the verifier but is a hash of the whole first round. An operation starts only once, and
 * its decision is kept permanently, so a replayed proof can start nothing but what its prover requested.
 */
function nonceOf({ operationId, request, messages }: FirstRound): Uint8Array {
  const header = Object.fromEntries(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)))
  return hash('begin', fromHex(operationId), encodeRoundBody({ header, messages }))
}
