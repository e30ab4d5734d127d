import { operationRounds } from '../../wire/operation-definitions.ts'
import { hasServerStatus } from '../../wire/error-body.ts'
import { encodeRoundBody, type SessionMessage } from '../../wire/round-body.ts'
import { isUnavailable } from '../../service/http.ts'
import type { OperationRequest, OperationResult, SignEcdsaRequest } from '../../wire/operations.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'
import { lockOtStateAndPreprocessing } from '../sets/ot-states.ts'
import { openShare } from '../sets/shares.ts'
import type { Lease } from './lease.ts'
import { playWithLocked } from '../operations/ecdsa/stored-ot-state.ts'
import { isFinal, isRejectedBeforeAdvance } from './failures.ts'
import { chargeOperation } from './rates.ts'
import { insertOperation, sealResponse, type NamedSet } from './operations-table.ts'
import { signWith, type FrostRequest } from '../operations/sign-frost.ts'
import type { Banned, RoundInput } from '../operations/round.ts'
import type { RequestHash } from './request-hash.ts'
import { transactOrBan } from './transact-or-ban.ts'
import type { CalledOperation } from '../access/caller.ts'

/** The operations that are over with their first answer. */
type OneRoundRequest = FrostRequest | SignEcdsaRequest

export function isOneRound(request: OperationRequest): request is OneRoundRequest {
  return operationRounds(request) === 1
}

/** An operation that may begin, as it has arrived. */
export interface OneRoundOperation {
  readonly key: CalledOperation
  readonly request: OneRoundRequest
  readonly messages: readonly SessionMessage[]
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
 * another process waits; the count; the setup of ECDSA; and the set, which its last statement finds ACTIVE or signs nothing.
 *
 * @returns undefined if nothing has happened: the operation is there or decided, the set is over, or a check has failed
 * @throws {RATE_LIMITED} if the client may not begin this operation now
 */
export async function playAtOnce(
  context: ServerContext,
  operation: OneRoundOperation,
): Promise<{ readonly answer: Uint8Array } | Banned | undefined> {
  const { key, request } = operation
  const work = async (tx: Queryable): Promise<{ readonly answer: Uint8Array } | Banned> => {
    const claim: Lease = { ...key, round: 1, token: context.random(16) }
    const epoch = await begin(context, tx, operation, claim)
    const turn = { ...key, request, round: 1, messages: operation.messages, epoch, state: undefined }
    const played = await play(context, tx, turn, operation)
    return 'caught' in played ? played : { answer: await end(context, tx, operation, claim, played.messages) }
  }
  try {
    if (request.scheme !== 'ecdsa') return await context.database.transaction(work, 'read committed')
    return await transactOrBan(context, { clientId: key.clientId, setId: request.setId }, work, 'read committed')
  } catch (error) {
    // What may only be tried again is told as it is. All else is counted, noted and told by the longer way.
    if (isUnavailable(error) || (hasServerStatus(error) && !isFinal(error) && !isRejectedBeforeAdvance(error)))
      throw error
    return undefined
  }
}

/** @returns the life of the database that the operation belongs to */
async function begin(
  context: ServerContext,
  tx: Queryable,
  { key, request, requestHash }: OneRoundOperation,
  { token }: Lease,
): Promise<number> {
  const added = await insertOperation(context, tx, key, request, requestHash, token)
  if (added === undefined) throw new NotAtOnce('it is there, or decided')
  await chargeOperation(context, tx, key.clientId, request, added)
  return added.epoch
}

async function play(
  context: ServerContext,
  tx: Queryable,
  turn: RoundInput<OneRoundRequest>,
  { named }: OneRoundOperation,
): Promise<{ readonly messages: readonly SessionMessage[] } | Banned> {
  const { clientId, epoch, request } = turn
  const { setId } = request
  const readHalf = () => openShare(context, clientId, setId, named.half)
  if (request.scheme !== 'ecdsa') return { messages: signWith(context, { ...turn, request }, readHalf()) }
  const id = request.source.kind === 'preprocessing' ? request.source.id : ''
  const { pair, taken } = await lockOtStateAndPreprocessing(context, tx, { clientId, setId, id }, epoch)
  return playWithLocked(context, tx, { ...turn, request }, { pair, readHalf, from: taken }, ({ messages }) => ({
    messages,
  }))
}

/** The set is used, the operation decided and its answer stored; the device was not revoked when this began. */
async function end(
  context: ServerContext,
  tx: Queryable,
  { key, request, requestHash }: OneRoundOperation,
  claim: Lease,
  messages: readonly SessionMessage[],
): Promise<Uint8Array> {
  const header: OperationResult = { setId: request.setId, state: 'ACTIVE' }
  const answer = encodeRoundBody({ header, messages })
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
       update reshare_operations set round = 1, request = null, lease_token = null, lease_hash = null, lease_expires_at = null
       where client_id = $1 and operation_id = $2 and lease_token = $6 and exists (select 1 from decided)
       returning 1
     )
     insert into reshare_responses (client_id, operation_id, round, request_hash, sealed)
     select $1, $2, 1, $7::bytea, $8::bytea from ended returning 1`,
    [
      key.clientId,
      key.operationId,
      key.device,
      timestamp(context),
      request.setId,
      claim.token,
      requestHash.bytes,
      sealResponse(context, key, 1, answer),
    ],
  )
  if (stored.length === 0) throw new NotAtOnce('the set is over, the device revoked, or the operation decided')
  return answer
}
