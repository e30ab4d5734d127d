import type { ProveRequest } from '../../wire/operations.ts'
import { operationSlots, setParties } from '../../wire/sessions.ts'
import { BadRequest } from '../../service/http.ts'
import { getGroup } from '../../curve/index.ts'
import { newChallenge, verifyPossession } from '../../protocol/possession/index.ts'
import { decodeWalletSetRecord, type ShareSetRecord } from '../../key-share/index.ts'
import type { PartyId } from '../../types.ts'
import { concatBytes, fromHex } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import { requireSource } from '../rounds/admission.ts'
import type { Played, Turn } from '../rounds/round.ts'
import { endWithProof } from './completions.ts'

const CHALLENGE_LENGTH = 32

/** Challenges the client to prove that it holds its half of a signing set, on every curve. */
export async function playProving(context: ServerContext, turn: Turn<ProveRequest>): Promise<Played> {
  const source = await requireSource(context.database, turn, turn.request)
  if (turn.state === undefined) return challenge(context, turn)
  const { records } = decodeWalletSetRecord(getGroup, source.record)
  verifyProofs(turn, records, turn.state)
  return { parcels: [], ending: endWithProof(context, turn) }
}

function challenge({ random }: ServerContext, { operationId, request, parcels }: Turn<ProveRequest>): Played {
  if (parcels.length !== 0) throw new BadRequest('the first round of a proof carries no parcels')
  const id = fromHex(operationId)
  const challenges = operationSlots(request).map((_, slot) =>
    newChallenge(random, concatBytes(id, Uint8Array.of(slot))),
  )
  return {
    parcels: challenges.map((envelope, slot) => ({ slot, envelope })),
    state: concatBytes(...challenges),
  }
}

function verifyProofs({ parcels, request }: Turn<ProveRequest>, records: readonly ShareSetRecord[], state: Uint8Array) {
  const slots = operationSlots(request)
  if (parcels.length !== slots.length || parcels.some(({ slot }, i) => slot !== i)) {
    throw new BadRequest('a proof carries one parcel a curve, in order')
  }
  const [prover, verifier] = setParties('signing').map(({ id }) => id) as [PartyId, PartyId]
  for (const [i, { curve }] of slots.entries()) {
    const record = records.find((candidate) => candidate.curve === curve) as ShareSetRecord
    const nonce = state.slice(i * CHALLENGE_LENGTH, (i + 1) * CHALLENGE_LENGTH)
    const proof = (parcels[i] as { envelope: Uint8Array }).envelope
    verifyPossession({ group: getGroup(curve), record, prover, verifier, nonce, proof })
  }
}
