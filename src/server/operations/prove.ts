import * as v from 'valibot'
import { operationSessions } from '../../wire/operation-definitions.ts'
import type { ProveRequest } from '../../wire/operations.ts'
import { partiesOf } from '../../wire/sessions.ts'
import { BadRequest } from '../../service/http.ts'
import { getGroup } from '../../curve/index.ts'
import { newChallenge, verifyPossession } from '../../protocol/possession/index.ts'
import { decodeWalletSetRecord, type ShareSetRecord } from '../../key-share/index.ts'
import type { PartyId } from '../../types.ts'
import { concatBytes, fromHex } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import type { RoundOutput, RoundInput } from './round.ts'
import { proofCompletion } from './completions.ts'
import type { ServerOperation } from './operation.ts'
import { setId, walletId } from './schemas.ts'
import { sourceOf } from './source.ts'

const CHALLENGE_LENGTH = 32

/** Proves to the server that the client holds its share of a signing set. */
export const proveOperation: ServerOperation<ProveRequest> = {
  schema: () => v.strictObject({ kind: v.literal('prove'), walletId, setId }),
  policyFields: () => ({}),
  failuresCountAgainst: ['set', 'device'],
  // Otherwise a copy of the request that a relay has kept could start again, fail, and be counted until the client is locked out.
  keepsDecision: true,
  handle: proveRound,
}

/** Challenges the client to prove that it holds its share of a signing set, on every curve. */
async function proveRound(context: ServerContext, input: RoundInput<ProveRequest>): Promise<RoundOutput> {
  const source = await sourceOf(context, input)
  if (input.state === undefined) return challenge(context, input)
  const { records } = decodeWalletSetRecord(getGroup, source.record)
  verifyProofs(input, records, input.state)
  return { messages: [], completion: proofCompletion(context, input) }
}

function challenge(
  { random }: ServerContext,
  { operationId, request, messages }: RoundInput<ProveRequest>,
): RoundOutput {
  if (messages.length !== 0) throw new BadRequest('the first round of a proof carries no messages')
  const id = fromHex(operationId)
  const challenges = operationSessions(request).map((_, sessionIndex) =>
    newChallenge(random, concatBytes(id, Uint8Array.of(sessionIndex))),
  )
  return {
    messages: challenges.map((envelope, sessionIndex) => ({ sessionIndex, envelope })),
    state: concatBytes(...challenges),
  }
}

function verifyProofs(
  { messages, request }: RoundInput<ProveRequest>,
  records: readonly ShareSetRecord[],
  state: Uint8Array,
) {
  const specs = operationSessions(request)
  if (messages.length !== specs.length || messages.some(({ sessionIndex }, i) => sessionIndex !== i)) {
    throw new BadRequest('a proof carries one message a curve, in order')
  }
  const [prover, verifier] = partiesOf('signing').map(({ id }) => id) as [PartyId, PartyId]
  for (const [i, { curve }] of specs.entries()) {
    const record = records.find((candidate) => candidate.curve === curve) as ShareSetRecord
    const nonce = state.slice(i * CHALLENGE_LENGTH, (i + 1) * CHALLENGE_LENGTH)
    const proof = (messages[i] as { envelope: Uint8Array }).envelope
    verifyPossession({ group: getGroup(curve), record, prover, verifier, nonce, proof })
  }
}
