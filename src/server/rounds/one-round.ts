import { operationRounds } from '../../wire/operation-definitions.ts'
import { hasServerStatus } from '../../wire/error-body.ts'
import { encodeRoundBody } from '../../wire/round-body.ts'
import { isUnavailable } from '../../service/http.ts'
import type { OperationRequest } from '../../wire/operations.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { lockClient } from '../lock-client.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { Queryable } from '../../service/database/types.ts'
import { definitionOf, runsInTransaction } from '../operations/definitions.ts'
import type { RoundInput, RoundOutput, SetRequest, SourceSet } from '../operations/round.ts'
import { notExpired } from '../sets/sets-table.ts'
import { isFinal, isRejectedBeforeAdvance } from './failures.ts'
import { insertOperation, type NewOperation } from './operations-table.ts'
import { chargeOperation } from './rates.ts'
import { reserve, useApprovalOf } from './reservations.ts'
import { transactOrBan, type Banned } from './transact-or-ban.ts'
import { sealResponse } from './responses-table.ts'

/** Whether an operation that uses a set is over with its first response. */
export function isOneRound(request: OperationRequest): request is SetRequest {
  return 'setId' in request && operationRounds(request) === 1
}

/** An operation that was authorized. */
export interface OneRoundOperation extends NewOperation, Pick<RoundInput, 'messages'> {
  readonly request: SetRequest
  readonly source: SourceSet
  readonly token: Uint8Array
}

/** Rolls the transaction back: the round is run under a lease, which reports the reason. */
class NotInOneRound extends Error {}

/**
 * Starts, counts, runs and decides an operation of one round, and stores its response, in one transaction. If that fails,
 * the round is run under a lease.
 *
 * The transaction is read committed, because it locks all rows that its result depends on: the operation, for which the
 * same one in another process waits; the count; the ECDSA setup; and the set, which the last statement has to find ACTIVE and
 * within its time.
 *
 * @returns undefined if nothing has happened: the operation exists or is decided, the set has ended, or a check has failed
 * @throws {RATE_LIMITED} if the client may not begin this operation now
 */
export async function runOneRound(
  context: ServerContext,
  operation: OneRoundOperation,
): Promise<{ readonly response: Uint8Array } | Banned | undefined> {
  const { clientId, operationId, device, request, messages, source } = operation
  const work = async (tx: Queryable): Promise<{ readonly response: Uint8Array } | Banned> => {
    const { epoch, used } = await startInTransaction(context, tx, operation)
    const input = { clientId, operationId, device, request, round: 1, messages, epoch, state: undefined, source }
    const output = await definitionOf<OperationRequest>(request).handle(context, input, tx)
    const { banned } = output
    if (banned !== undefined) return { banned }
    const response = await storeResult(context, tx, operation, output)
    await context.audit.record(tx, clientId, used)
    return { response }
  }
  try {
    if (!runsInTransaction(request)) return await context.database.transaction(work, 'read committed')
    return await transactOrBan(context, { clientId, setId: request.setId }, work, 'read committed')
  } catch (error) {
    // An error that only asks to try again is thrown as it is. Others are counted, logged and reported under a lease.
    if (isUnavailable(error) || (hasServerStatus(error) && !isFinal(error) && !isRejectedBeforeAdvance(error)))
      throw error
    return undefined
  }
}

/** @returns the epoch that the operation belongs to, and the events for the log of the approval that it uses */
async function startInTransaction(
  context: ServerContext,
  tx: Queryable,
  operation: OneRoundOperation,
): Promise<{ readonly epoch: number; readonly used: readonly AuditEvent[] }> {
  const { clientId, reservations = [] } = operation
  // Before the count is locked, as where an operation starts otherwise: the two could deadlock.
  if (reservations.length > 0) await lockClient(tx, clientId)
  const added = await insertOperation(context, tx, operation)
  if (added === undefined) throw new NotInOneRound('it is there, or decided')
  await chargeOperation(context, tx, operation, added)
  await reserve(context, tx, operation, { reservations, signsWithinMs: 0 })
  return { epoch: added.epoch, used: await useApprovalOf(context, tx, operation) }
}

/** Records the use of the set, decides the operation and stores its response, in one statement. */
async function storeResult(
  context: ServerContext,
  tx: Queryable,
  operation: OneRoundOperation,
  { messages, completion, writes }: RoundOutput,
): Promise<Uint8Array> {
  const header = completion?.result
  if (header === undefined || writes !== undefined || completion?.afterCommit !== undefined) {
    throw new TypeError('an operation of one round has its result with its output, and nothing else to write or do')
  }
  const response = encodeRoundBody({ header, messages })
  const stored = await tx.query(
    `with used as (
       update reshare_sets set last_used_at = $4::timestamptz
       where set_id = $5 and client_id = $1 and state = 'ACTIVE' and ${notExpired('$4')} and not exists
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
      operation.clientId,
      operation.operationId,
      operation.device,
      timestamp(context),
      operation.request.setId,
      operation.token,
      operation.requestHash.bytes,
      sealResponse(context, operation, 1, response),
    ],
  )
  if (stored.length === 0) throw new NotInOneRound('the set is over, the device revoked, or the operation decided')
  return response
}
