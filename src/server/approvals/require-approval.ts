import { MpcError } from '../../errors.ts'
import { rateLimited } from '../../service/rate-counts.ts'
import type { Queryable } from '../../service/database/types.ts'
import { toHex } from '../../util/bytes.ts'
import type { Caller } from '../access/caller.ts'
import type { WaitConditions } from '../access/conditions.ts'
import type { PolicyRequest } from '../access/policy.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { requireUnrevoked } from '../devices/devices-table.ts'
import { lockClient, turnOfClient } from '../lock-client.ts'
import {
  approvalRow,
  eventOf,
  fingerprintOf,
  insertApproval,
  openApproval,
  requiredOf,
  sealApproval,
  stateOf,
  type ApprovalRow,
} from './approvals-table.ts'
import { detailsOf } from './details.ts'

/** What a policy allows on conditions. */
export interface WaitingRequest extends Caller {
  /** What the policy was asked, which the approvers see. */
  readonly request: PolicyRequest
  /** What is approved: a request that differs in it needs an approval of its own. */
  readonly subject: unknown
  /** Of an operation, else null. */
  readonly operationId: string | null
  /**
   * Aborts an earlier operation of the device that uses an approval for the same and is not decided, which gives the approval
   * back: the device has started again. Default: there is none.
   */
  readonly abortEarlier?: (operationId: string) => Promise<unknown>
}

/** The requests kept may be so many times those that wait. */
const KEPT = 10

/**
 * Finds the approval with which a request may go on. The caller takes it by `useApproval`, in the transaction that begins what
 * is approved.
 *
 * An approval is bound to the client, the device, and what is asked for. It is not bound to the operation: the device may
 * repeat the action as a new one, after a restart too.
 *
 * @returns its id
 * @throws {APPROVAL_REQUIRED} if the request has to wait; it is noted down, if it was not before
 * @throws {POLICY_DENIED} if it was denied; a further request is then a new one
 * @throws {RATE_LIMITED} if too many wait
 */
export async function requireApproval(
  context: ServerContext,
  waiting: WaitingRequest,
  conditions: WaitConditions,
): Promise<string> {
  const search = { ...waiting, fingerprint: fingerprintOf({ subject: waiting.subject, approver: conditions.approver }) }
  const open = (await findOpen(context, context.database, search)) ?? (await findGivenBack(context, search))
  const row = open ?? (await ask(context, search, conditions))
  const goesOn = { ...row, readyAt: readyAtOf(row, conditions) }
  if (stateOf(context, goesOn) === 'READY') return row.approvalId
  throw approvalRequired(context, goesOn, conditions.reason)
}

/** The delay is that of the policy's latest answer if that is longer, unless the operator has ended it. */
function readyAtOf({ approver, approvedAt, createdAt, readyAt }: ApprovalRow, { delayMs }: WaitConditions): Date {
  const isEnded = approver === null && approvedAt !== null
  return isEnded ? readyAt : new Date(Math.max(readyAt.getTime(), createdAt.getTime() + delayMs))
}

/** SQL condition of {@link candidates}, which have not expired. */
const USED_BY_UNDECIDED = `state = 'USED' and expires_at > $6 and not exists (select 1 from reshare_decisions decided
  where decided.client_id = reshare_approvals.client_id and decided.operation_id = reshare_approvals.operation_id)`

/** SQL condition of {@link candidates}: open, and not approved by a device that was revoked since. */
const OPEN = `state = 'OPEN' and expires_at > $6 and not exists (select 1 from reshare_devices
  where reshare_devices.client_id = $1 and reshare_devices.device = approved_by and revoked_at is not null)`

interface Search extends WaitingRequest {
  readonly fingerprint: string
}

/** The open request for the same. */
async function findOpen(context: ServerContext, db: Queryable, search: Search): Promise<ApprovalRow | undefined> {
  const rows = await candidates(db, search, OPEN, timestamp(context))
  return rows.find((row) => openApproval(context, row).fingerprint === search.fingerprint)
}

/** The request for the same that an earlier operation of the device has used and gives back. */
async function findGivenBack(context: ServerContext, search: Search): Promise<ApprovalRow | undefined> {
  const { abortEarlier } = search
  if (abortEarlier === undefined) return undefined
  const rows = await candidates(context.database, search, USED_BY_UNDECIDED, timestamp(context))
  const used = rows.find((row) => openApproval(context, row).fingerprint === search.fingerprint)
  if (used === undefined || used.operationId === null || used.operationId === search.operationId) return undefined
  await abortEarlier(used.operationId)
  return findOpen(context, context.database, search)
}

/** The newest requests of this device for the action with the same set. What exactly they ask for is sealed. */
async function candidates(
  db: Queryable,
  { clientId, device, request }: Search,
  condition: string,
  now: Date,
): Promise<ApprovalRow[]> {
  const { action, walletId = null, setId = null } = request
  const rows = await db.query(
    `select * from reshare_approvals
     where client_id = $1 and device is not distinct from $2 and action = $3
       and (wallet_id is null or wallet_id = $4) and set_id is not distinct from $5 and ${condition}
     order by created_at desc, approval_id`,
    [clientId, device, action, walletId, setId, now],
  )
  return rows.map(approvalRow)
}

/** Notes a request down, unless another one for the same has just been, or it was denied. */
async function ask(context: ServerContext, search: Search, conditions: WaitConditions): Promise<ApprovalRow> {
  const { clientId } = search
  const work = async (tx: Queryable): Promise<ApprovalRow | 'denied'> => {
    await lockClient(tx, clientId)
    await requireUnrevoked(tx, search)
    const other = await findOpen(context, tx, search)
    if (other !== undefined) return other
    // Returned, not thrown: that the device was told is committed.
    if (await isDenied(context, tx, search)) return 'denied'
    await requireFew(context, tx, search)
    const row = newApproval(context, search, conditions)
    await insertApproval(tx, row)
    await context.audit.record(tx, clientId, [eventOf(row, 'approvalRequested')])
    return row
  }
  const asked = await context.turns.take(turnOfClient(clientId), () =>
    context.database.transaction(work, 'read committed'),
  )
  if (asked === 'denied') throw notApproved()
  return asked
}

function notApproved(): MpcError {
  const reason = 'denied, or not approved in time'
  return new MpcError('POLICY_DENIED', `the request was ${reason}`, { denial: { by: 'approver', reason } })
}

/**
 * Whether a request for the same was denied and the device not told so, or was denied or has expired in this operation. A
 * repetition of the operation is told the same, and another operation may then ask again.
 */
async function isDenied(context: ServerContext, tx: Queryable, search: Search): Promise<boolean> {
  const { clientId, operationId } = search
  const rows = await candidates(
    tx,
    search,
    `(state in ('DENIED', 'CANCELLED', 'ENDED') or expires_at <= $6)`,
    timestamp(context),
  )
  const denied = rows.find((row) => {
    const isUntold = row.state !== 'OPEN' && row.state !== 'USED' && !row.told
    const isOfThis = row.state !== 'USED' && row.operationId !== null && row.operationId === operationId
    return (isUntold || isOfThis) && openApproval(context, row).fingerprint === search.fingerprint
  })
  if (denied === undefined) return false
  await tx.query(
    `update reshare_approvals set told = true, operation_id = coalesce($3, operation_id)
     where client_id = $1 and approval_id = $2`,
    [clientId, denied.approvalId, operationId],
  )
  return true
}

/** SQL condition: actions that whoever has the client's credentials or a backup can ask for as any number of devices. */
const OF_ANY_DEVICE = `action in ('generate', 'import', 'recover')`

/**
 * Counts those of the same set and device, so that nobody fills what another device's requests wait in; a new wallet and a
 * recovery are counted per action, whatever device asks.
 *
 * @throws {RATE_LIMITED} if too many of them wait or were made lately
 */
async function requireFew(context: ServerContext, tx: Queryable, { clientId, device, request }: Search): Promise<void> {
  const { openApprovals, responseMs } = context.limits
  const rows = await tx.query(
    `select kept.* from reshare_approvals kept, (select $5::text as action) asked
     where client_id = $1 and set_id is not distinct from $2 and ((state = 'OPEN' and expires_at > $3) or created_at > $4)
       and case when asked.${OF_ANY_DEVICE} then kept.action = asked.action
         else not kept.${OF_ANY_DEVICE} and device is not distinct from $6 end
     order by created_at desc limit ${KEPT * openApprovals}`,
    [clientId, request.setId ?? null, timestamp(context), timestamp(context, -responseMs), request.action, device],
  )
  const kept = rows.map(approvalRow)
  const open = kept.filter((row) => row.state === 'OPEN' && row.expiresAt.getTime() > context.now())
  const message = 'too many requests wait for an approval: cancel some'
  const [first] = open.map(({ expiresAt }) => expiresAt).sort((a, b) => a.getTime() - b.getTime())
  if (first !== undefined && open.length >= openApprovals) throw rateLimited(message, first, context.now())
  const oldest = kept.at(-1)
  if (oldest === undefined || kept.length < KEPT * openApprovals) return
  throw rateLimited(message, new Date(oldest.createdAt.getTime() + responseMs), context.now())
}

function newApproval(
  context: ServerContext,
  { clientId, device, operationId, request, fingerprint }: Search,
  { approver, delayMs, reason }: WaitConditions,
): ApprovalRow {
  const { action, walletId = null, setId = null, revokedDeviceId = null } = request
  const key = { clientId, approvalId: toHex(context.random(16)) }
  const makesWallet = action === 'generate' || action === 'import'
  return {
    ...key,
    action,
    walletId: makesWallet ? null : walletId,
    setId,
    device,
    revokedDevice: revokedDeviceId,
    operationId,
    state: 'OPEN',
    approver,
    createdAt: timestamp(context),
    readyAt: timestamp(context, delayMs),
    expiresAt: timestamp(context, delayMs + context.limits.approvalMs),
    approvedAt: null,
    approvedBy: null,
    endedAt: null,
    told: false,
    sealed: sealApproval(context, key, { fingerprint, reason, details: detailsOf(request) }),
  }
}

function approvalRequired({ now }: ServerContext, row: ApprovalRow, reason: string): MpcError {
  const message = row.approver === null ? 'the request has to wait' : 'the request needs an approval'
  const leftMs = row.readyAt.getTime() - now()
  return new MpcError('APPROVAL_REQUIRED', message, {
    approval: requiredOf(row, reason),
    ...(leftMs > 0 && { retryAfterMs: leftMs }),
  })
}
