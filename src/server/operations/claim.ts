import { BadRequest } from '../../api/http.ts'
import { MpcError } from '../../errors.ts'
import { isFor } from '../caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable, SqlValue } from '../database/types.ts'
import { readIncarnation } from '../incarnation.ts'
import { notAuthorized } from '../sets/rows.ts'
import { lockOperation, otherRequest, type CalledOperation, type OperationRow, type RequestHash } from './rows.ts'

/** The right of one process to play one round of an operation. */
export interface Claim extends CalledOperation {
  readonly round: number
  readonly token: Uint8Array
}

const CLAIMED = 'client_id = $1 and operation_id = $2 and round = $3 and claim_token = $4'

/**
 * Takes the next round of an operation for this process, for one request: from here on no other request is played in
 * this round, not even after a failure, so that no state is ever played twice with different messages.
 *
 * @throws {AUTH_FAILED} if the client has no such operation, or another device has begun it
 * @throws {BadRequest} if an earlier round is missing
 * @throws {PROTOCOL_ABORTED} if the round was begun with another message, or belongs to an earlier incarnation
 * @throws {OPERATION_IN_PROGRESS} if another process plays the round now
 */
export async function claimRound(
  context: ServerContext,
  key: CalledOperation,
  round: number,
  requestHash: RequestHash,
): Promise<{ claim: Claim; operation: OperationRow }> {
  return context.database.transaction(async (tx) => {
    const operation = await lockOperation(tx, key)
    if (operation === undefined || !isFor(operation, key)) throw notAuthorized()
    await requireIncarnation(tx, operation)
    if (round > operation.round + 1) throw new BadRequest(`the next round of this operation is ${operation.round + 1}`)
    // Answered since the caller looked: the repeated request finds the answer.
    if (round <= operation.round) throw inProgress()
    const { claimHash, claimUntil } = operation
    if (claimHash !== null && !requestHash.matches(claimHash)) throw otherRequest(round)
    if (claimUntil !== null && claimUntil.getTime() > context.now()) throw inProgress()
    const token = context.random(16)
    await tx.query(
      `update reshare_operations set claim_token = $3, claim_hash = $4, claim_until = $5
       where client_id = $1 and operation_id = $2`,
      [key.clientId, key.operationId, token, requestHash.bytes, timestamp(context, context.limits.roundMs)],
    )
    return { claim: { ...key, round, token }, operation }
  }, 'read committed')
}

/**
 * Ends a claim by the round's answer: compare-and-set, so that the sealed state of a round is used once.
 *
 * @param state null after the last round, when the request is forgotten, too
 * @throws {OPERATION_IN_PROGRESS} if another process has taken the round over
 */
export async function completeRound(tx: Queryable, claim: Claim, state: Uint8Array | null): Promise<void> {
  const rows = await tx.query(
    `update reshare_operations set round = $5, state = $6, claim_token = null, claim_hash = null,
       claim_until = null, request = case when $6::bytea is not null then request end
     where ${CLAIMED} returning round`,
    [...claimed(claim), claim.round, state],
  )
  if (rows.length === 0) throw inProgress()
}

/** Lets the same request be played again at once. */
export async function releaseRound(db: Queryable, claim: Claim): Promise<void> {
  await db.query(`update reshare_operations set claim_until = null where ${CLAIMED}`, claimed(claim))
}

/** Forgets a request that no session has played, so that another may take its place. */
export async function forgetRound(db: Queryable, claim: Claim): Promise<void> {
  if (claim.round === 1) await db.query(`delete from reshare_operations where ${CLAIMED}`, claimed(claim))
  else {
    await db.query(
      `update reshare_operations set claim_token = null, claim_hash = null, claim_until = null where ${CLAIMED}`,
      claimed(claim),
    )
  }
}

function claimed({ clientId, operationId, round, token }: Claim): SqlValue[] {
  return [clientId, operationId, round - 1, token]
}

async function requireIncarnation(tx: Queryable, operation: OperationRow): Promise<void> {
  if ((await readIncarnation(tx)) !== operation.incarnation) {
    throw new MpcError('PROTOCOL_ABORTED', 'the operation was begun before the database was restored')
  }
}

function inProgress(): MpcError {
  return new MpcError('OPERATION_IN_PROGRESS', 'another process is playing this round')
}
