import type { Approval } from '../../wire/approvals.ts'
import { MpcError } from '../../errors.ts'
import type { Queryable } from '../../service/database/types.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
import type { Caller } from '../access/caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { requireUnrevoked } from '../devices/devices-table.ts'
import { approvalOf, approvalRow, eventOf, listedApproval, stateOf, type ApprovalRow } from './approvals-table.ts'

/** The most requests that a list has. */
const LISTED = 500

/** SQL order of lists of requests. @param now the parameter with the time */
export const openFirst = (now: string) =>
  `(state = 'OPEN' and expires_at > ${now}) desc, (action in ('sign', 'signAll')), created_at desc, approval_id`

/** SQL condition: `held` is a set without limits of the wallet of a request `asked`, or of a wallet that the device to be revoked has had. */
const OF_WALLET = `held.client_id = asked.client_id and held.purpose = 'signing'
  and held.scope is null and held.expires_at is null and (
  held.wallet_id = asked.wallet_id or (asked.wallet_id is null and (asked.revoked_device is null or held.wallet_id in
    (select had.wallet_id from reshare_sets had where had.client_id = asked.client_id
       and had.device = asked.revoked_device))))`

/** SQL condition: the device `$2` has asked, or can sign for the wallet. It may see the request, and deny it. */
const SEES = `(asked.device is not distinct from $2 or exists (select 1 from reshare_sets held
  where ${OF_WALLET} and held.state = 'ACTIVE' and (held.device is null or held.device = $2)))`

/** SQL condition: a device that is to be revoked, or whose set is to be retired, cannot stop that. */
const NOT_OWN_END = `((asked.revoked_device is null or asked.revoked_device is distinct from $2) and not (asked.action = 'retire' and exists
  (select 1 from reshare_sets ended where ended.set_id = asked.set_id and ended.device = $2)))`

/** SQL condition: the request waits still. A delay that the operator has ended cannot be cancelled by another device. */
const NOT_ENDED_DELAY = `not (asked.approver is null and asked.approved_at is not null)`

/** SQL condition: the device `$2` may deny a request. The one that has asked always may. */
const MAY_DENY = `(${SEES} and (asked.device is not distinct from $2 or (${NOT_OWN_END} and ${NOT_ENDED_DELAY})))`

/**
 * SQL query: the sets without a device from which a set comes by refreshes and joins. Every device of the client can use such
 * a set, so that whoever has stolen its share makes sets of any number of devices from it. What a device has dealt for
 * another one counts as the other's own.
 *
 * @param start a condition on `reshare_sets`: the set
 */
const unboundBefore = (start: string) => `(with recursive used (set_id, source_set_id, device) as (
  select set_id, source_set_id, device from reshare_sets
    where client_id = asked.client_id and purpose = 'signing' and (${start})
  union select older.set_id, older.source_set_id, older.device
    from used join reshare_sets older on older.set_id = used.source_set_id
    where older.purpose = 'signing' and (older.device is null or older.device = used.device))
  select set_id from used where device is null)`

/** SQL condition: `held` does not come from a set without a device from which the set that asks comes, or which it is. */
const IS_APART = `not exists (select 1 from ${unboundBefore('set_id = held.set_id')} own
  join ${unboundBefore('set_id = asked.set_id or (asked.set_id is null and device = asked.device)')} asking using (set_id))`

/**
 * SQL condition: the device `$2` may approve a request. It is not the one that has asked, and has its own signing set of the
 * wallet now; and it had one before the request was made, so that whoever asks cannot first make a device that approves.
 */
const MAY_APPROVE = `(coalesce(asked.approver, '') in ('device', 'any') and $2::text is not null and asked.device is distinct from $2
  and exists (select 1 from reshare_sets held where ${OF_WALLET} and held.device = $2 and held.state = 'ACTIVE' and ${IS_APART})
  and exists (select 1 from reshare_sets held where ${OF_WALLET} and held.device = $2
    and held.committed_at < asked.created_at and ${IS_APART}))`

/**
 * The requests that a device may see: first those that are open, of these first those that are no signatures, the newest first.
 * So whoever asks for many, and cancels them, hides no other one.
 */
export async function listApprovals(
  context: ServerContext,
  { clientId, device }: Caller,
): Promise<readonly Approval[]> {
  const rows = await context.database.query(
    `select asked.*, ${MAY_APPROVE} as may_approve from reshare_approvals asked
     where client_id = $1 and ${SEES} order by ${openFirst('$3')} limit ${LISTED}`,
    [clientId, device, timestamp(context)],
  )
  return rows.map((row) => listedApproval(context, row))
}

/**
 * Approves a request on behalf of a device. Idempotent.
 *
 * @throws {AUTH_FAILED} if the device may not approve it, or there is none
 * @throws {POLICY_DENIED} if it was denied, or its time is over
 * @throws {DEVICE_REVOKED} if the caller was revoked in the meantime
 */
export async function approve(context: ServerContext, caller: Caller, approvalId: string): Promise<Approval> {
  return decide(context, async (tx) => {
    await requireUnrevoked(tx, caller)
    const row = await lock(tx, approvalId, caller, MAY_APPROVE)
    return grant(context, tx, row, caller.device as string)
  })
}

/**
 * Denies a request on behalf of a device, or cancels it on behalf of the one that has asked. Idempotent.
 *
 * @throws {AUTH_FAILED} if the device may not, or there is none
 * @throws {POLICY_DENIED} if the request has gone on
 * @throws {DEVICE_REVOKED} if the caller was revoked in the meantime
 */
export async function deny(context: ServerContext, caller: Caller, approvalId: string): Promise<Approval> {
  return decide(context, async (tx) => {
    await requireUnrevoked(tx, caller)
    const row = await lock(tx, approvalId, caller, MAY_DENY)
    return refuse(context, tx, row, caller.device ?? UNSEALED)
  })
}

/** SQL condition: the operator may approve a request. Approving one that only has to wait ends its delay. */
export const OPERATOR_MAY_APPROVE = `(coalesce(approver, 'operator') in ('operator', 'any'))`

/** Approves a request on behalf of the app's backend, as {@link approve}. @param by `operator`, with a name or without */
export async function approveAsOperator(
  context: ServerContext,
  clientId: string,
  approvalId: string,
  by: string,
): Promise<Approval> {
  return decide(context, async (tx) => {
    const row = await lock(tx, approvalId, { clientId, device: null }, `(${OPERATOR_MAY_APPROVE} and $2::text is null)`)
    return grant(context, tx, row, by)
  })
}

/** Denies a request on behalf of the app's backend, as {@link deny}. @param by as of {@link approveAsOperator} */
export async function denyAsOperator(
  context: ServerContext,
  clientId: string,
  approvalId: string,
  by: string,
): Promise<Approval> {
  return decide(context, async (tx) => {
    const row = await lock(tx, approvalId, { clientId, device: null }, '$2::text is null')
    return refuse(context, tx, row, by)
  })
}

/** What decides in the log if a request was not sealed. */
const UNSEALED = 'unsealed'

/** Read committed, because the row is locked: a device's signatures write to the sets that the conditions read. */
async function decide(context: ServerContext, work: (tx: Queryable) => Promise<ApprovalRow>): Promise<Approval> {
  const row = await context.database.transaction(work, 'read committed')
  return approvalOf(context, row, false)
}

/** Locks a request. @throws {AUTH_FAILED} the same for one of another client, one that the condition refuses, and none */
async function lock(
  tx: Queryable,
  approvalId: string,
  { clientId, device }: Caller,
  condition: string,
): Promise<ApprovalRow> {
  const [row] = await tx.query(
    `select asked.* from reshare_approvals asked where client_id = $1 and approval_id = $3 and ${condition} for update`,
    [clientId, device, approvalId],
  )
  if (row === undefined) throw notAuthorized()
  return approvalRow(row)
}

async function grant(context: ServerContext, tx: Queryable, row: ApprovalRow, by: string): Promise<ApprovalRow> {
  const state = stateOf(context, row)
  const isOver = state !== 'WAITING' && state !== 'READY' && state !== 'USED'
  if (isOver) throw new MpcError('POLICY_DENIED', `the request is ${state}`)
  if (row.approvedAt !== null) return row
  const [changed] = await tx.query(
    `update reshare_approvals set approved_at = $3, approved_by = $4,
       ready_at = case when approver is null then least(ready_at, $3) else ready_at end
     where client_id = $1 and approval_id = $2 returning *`,
    [row.clientId, row.approvalId, timestamp(context), by],
  )
  const granted = approvalRow(changed)
  await context.audit.record(tx, row.clientId, [eventOf(granted, 'approvalGranted', by)])
  return granted
}

async function refuse(context: ServerContext, tx: Queryable, row: ApprovalRow, by: string): Promise<ApprovalRow> {
  const state = stateOf(context, row)
  if (state === 'USED') throw new MpcError('POLICY_DENIED', 'the request has gone on already')
  if (state !== 'WAITING' && state !== 'READY') return row
  const isOwn = (row.device ?? UNSEALED) === by
  const isCancelled = isOwn || row.approver === null
  const [changed] = await tx.query(
    `update reshare_approvals set state = $3, ended_at = $4, told = $5 where client_id = $1 and approval_id = $2 returning *`,
    [row.clientId, row.approvalId, isCancelled ? 'CANCELLED' : 'DENIED', timestamp(context), isOwn],
  )
  const refused = approvalRow(changed)
  await context.audit.record(tx, row.clientId, [
    eventOf(refused, isCancelled ? 'approvalCancelled' : 'approvalDenied', by),
  ])
  return refused
}
