import { isAnswer } from '../../wire/error-body.ts'
import { encodeFlight, type Parcel } from '../../wire/round-body.ts'
import { isUnavailable } from '../../service/http.ts'
import type { OperationRequest, OperationResult, SignEcdsaRequest } from '../../wire/operations.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'
import { lockPairAndTake } from '../sets/ot-states.ts'
import { openShare } from '../sets/shares.ts'
import type { Claim } from '../rounds/lease.ts'
import { transactOrBan } from './ecdsa/ban.ts'
import { playWithLocked } from './ecdsa/stored-ot-state.ts'
import { isFinal, isUnplayed } from './failures.ts'
import { chargeOperation } from '../rounds/rates.ts'
import {
  insertOperation,
  sealAnswer,
  type CalledOperation,
  type NamedSet,
  type RequestHash,
} from '../rounds/operations-table.ts'
import { signWith, type FrostRequest } from './sign.ts'
import type { Caught, Turn } from '../rounds/round.ts'

/** The operations that are over with their first answer. */
type OneRoundRequest = FrostRequest | SignEcdsaRequest

export function isOneRound(request: OperationRequest): request is OneRoundRequest {
  return request.kind === 'sign' && (request.scheme !== 'ecdsa' || request.source.kind === 'preprocessing')
}

/** An operation that may begin, as it has arrived. */
export interface Beginning {
  readonly key: CalledOperation
  readonly request: OneRoundRequest
  readonly parcels: readonly Parcel[]
  readonly requestHash: RequestHash
  readonly named: NamedSet
}

/** Rolls the transaction back: the longer way finds out why, and says so. */
class NotAtOnce extends Error {}

/**
 * Begins, counts, plays, decides and answers an operation of one round in one transaction: all of it happens or none, and
 * nobody sees less of it. What this does not end is for the longer way, which claims a round before it plays it.
 *
 * The transaction is read committed, since it holds what it decides by: the row of the operation, for which the same one in
 * another process waits; the count; the set-up of ECDSA; and the set, which its last statement finds ACTIVE or signs nothing.
 *
 * @returns undefined if nothing has happened: the operation is there or decided, the set is over, or a check has failed
 * @throws {RATE_LIMITED} if the client may not begin this operation now
 */
export async function playAtOnce(
  context: ServerContext,
  beginning: Beginning,
): Promise<{ readonly answer: Uint8Array } | Caught | undefined> {
  const { key, request } = beginning
  const work = async (tx: Queryable): Promise<{ readonly answer: Uint8Array } | Caught> => {
    const claim: Claim = { ...key, round: 1, token: context.random(16) }
    const incarnation = await begin(context, tx, beginning, claim)
    const turn = { ...key, request, round: 1, parcels: beginning.parcels, incarnation, state: undefined }
    const played = await play(context, tx, turn, beginning)
    return 'caught' in played ? played : { answer: await end(context, tx, beginning, claim, played.parcels) }
  }
  try {
    if (request.scheme !== 'ecdsa') return await context.database.transaction(work, 'read committed')
    return await transactOrBan(context, { clientId: key.clientId, setId: request.setId }, work, 'read committed')
  } catch (error) {
    // What may only be tried again is told as it is. All else is counted, noted and told by the longer way.
    if (isUnavailable(error) || (isAnswer(error) && !isFinal(error) && !isUnplayed(error))) throw error
    return undefined
  }
}

/** @returns the life of the database that the operation belongs to */
async function begin(
  context: ServerContext,
  tx: Queryable,
  { key, request, requestHash }: Beginning,
  { token }: Claim,
): Promise<number> {
  const added = await insertOperation(context, tx, key, request, requestHash, token)
  if (added === undefined) throw new NotAtOnce('it is there, or decided')
  await chargeOperation(context, tx, key.clientId, request, added)
  return added.incarnation
}

async function play(
  context: ServerContext,
  tx: Queryable,
  turn: Turn<OneRoundRequest>,
  { named }: Beginning,
): Promise<{ readonly parcels: readonly Parcel[] } | Caught> {
  const { clientId, incarnation, request } = turn
  const { setId } = request
  const readHalf = () => openShare(context, clientId, setId, named.half)
  if (request.scheme !== 'ecdsa') return { parcels: signWith(context, { ...turn, request }, readHalf()) }
  const id = request.source.kind === 'preprocessing' ? request.source.id : ''
  const { pair, taken } = await lockPairAndTake(context, tx, { clientId, setId, id }, incarnation)
  return playWithLocked(context, tx, { ...turn, request }, { pair, readHalf, from: taken }, ({ parcels }) => ({
    parcels,
  }))
}

/** The set is used, the operation decided and its answer stored; the device was not revoked when this began. */
async function end(
  context: ServerContext,
  tx: Queryable,
  { key, request, requestHash }: Beginning,
  claim: Claim,
  parcels: readonly Parcel[],
): Promise<Uint8Array> {
  const header: OperationResult = { setId: request.setId, state: 'ACTIVE' }
  const answer = encodeFlight({ header, parcels })
  const stored = await tx.query(
    `with used as (
       update reshare_sets set last_used_at = $4::timestamptz
       where set_id = $5 and client_id = $1 and state = 'ACTIVE' and not exists
         (select 1 from reshare_devices where client_id = $1 and device = $3 and revoked_at is not null)
       returning 1
     ), decided as (
       insert into reshare_decisions (client_id, operation_id, decision, decided_at, device)
       select $1, $2, 'COMMIT', $4::timestamptz, $3 from used
       on conflict (client_id, operation_id) do nothing returning 1
     ), ended as (
       update reshare_operations set round = 1, request = null, claim_token = null, claim_hash = null, claim_until = null
       where client_id = $1 and operation_id = $2 and claim_token = $6 and exists (select 1 from decided)
       returning 1
     )
     insert into reshare_answers (client_id, operation_id, round, request_hash, sealed)
     select $1, $2, 1, $7::bytea, $8::bytea from ended returning 1`,
    [
      key.clientId,
      key.operationId,
      key.device,
      timestamp(context),
      request.setId,
      claim.token,
      requestHash.bytes,
      sealAnswer(context, key, 1, answer),
    ],
  )
  if (stored.length === 0) throw new NotAtOnce('the set is over, the device revoked, or the operation decided')
  return answer
}
