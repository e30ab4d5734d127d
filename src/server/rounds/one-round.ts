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
import { advanceWithOtState } from '../operations/ecdsa/stored-ot-state.ts'
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
class NotInOneRound extends Error {}

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
export async function runOneRound(
  context: ServerContext,
  operation: OneRoundOperation,
): Promise<{ readonly response: Uint8Array } | Banned | undefined> {
  const { key, request } = operation
  const work = async (tx: Queryable): Promise<{ readonly response: Uint8Array } | Banned> => {
    const lease: Lease = { ...key, round: 1, token: context.random(16) }
    const epoch = await startOperation(context, tx, operation, lease)
    const input = { ...key, request, round: 1, messages: operation.messages, epoch, state: undefined }
    const output = await advanceSession(context, tx, input, operation)
    return 'caught' in output ? output : { response: await storeResult(context, tx, operation, lease, output.messages) }
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
async function startOperation(
  context: ServerContext,
  tx: Queryable,
  { key, request, requestHash }: OneRoundOperation,
  { token }: Lease,
): Promise<number> {
  const added = await insertOperation(context, tx, key, request, requestHash, token)
  if (added === undefined) throw new NotInOneRound('it is there, or decided')
  await chargeOperation(context, tx, key.clientId, request, added)
  return added.epoch
}

async function advanceSession(
  context: ServerContext,
  tx: Queryable,
  input: RoundInput<OneRoundRequest>,
  { named }: OneRoundOperation,
): Promise<{ readonly messages: readonly SessionMessage[] } | Banned> {
  const { clientId, epoch, request } = input
  const { setId } = request
  const readServerShare = () => openShare(context, clientId, setId, named.share)
  if (request.scheme !== 'ecdsa') return { messages: signWith(context, { ...input, request }, readServerShare()) }
  const id = request.source.kind === 'preprocessing' ? request.source.id : ''
  const { otState, taken } = await lockOtStateAndPreprocessing(context, tx, { clientId, setId, id }, epoch)
  return advanceWithOtState(
    context,
    tx,
    { ...input, request },
    { otState, readServerShare, from: taken },
    ({ messages }) => ({
      messages,
    }),
  )
}

/** The set is used, the operation decided and its answer stored; the device was not revoked when this began. */
async function storeResult(
  context: ServerContext,
  tx: Queryable,
  { key, request, requestHash }: OneRoundOperation,
  lease: Lease,
  messages: readonly SessionMessage[],
): Promise<Uint8Array> {
  const header: OperationResult = { setId: request.setId, state: 'ACTIVE' }
  const response = encodeRoundBody({ header, messages })
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
      lease.token,
      requestHash.bytes,
      sealResponse(context, key, 1, response),
    ],
  )
  if (stored.length === 0) throw new NotInOneRound('the set is over, the device revoked, or the operation decided')
  return response
}
