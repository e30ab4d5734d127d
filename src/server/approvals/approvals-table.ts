import { sha256 } from '../../symmetric/sha256.ts'
import type { Approval, ApprovalState, Json, RequiredApproval } from '../../wire/approvals.ts'
import { boolean, rowDecoder, type Decoded } from '../../service/database/rows.ts'
import type { Queryable, Row, SqlValue } from '../../service/database/types.ts'
import { fromUtf8, toHex, utf8 } from '../../util/bytes.ts'
import type { SealContext } from '../../util/seal.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext } from '../context.ts'
import { tables } from '../tables.ts'

/** A request for approval, as its row has it. */
export type ApprovalRow = Decoded<typeof tables.reshare_approvals>

/** What a row has sealed. */
interface Sealed {
  /** Tells what is asked for from everything else: SHA-256, in hex. */
  readonly fingerprint: string
  readonly reason: string
  readonly details: Readonly<Record<string, Json>>
}

/** Reads a row of all columns. */
export const approvalRow: (row: Row | undefined) => ApprovalRow = rowDecoder(tables.reshare_approvals)

const readMayApprove = rowDecoder({ may_approve: boolean })

/** A row of all columns and `may_approve`, for whoever lists it. */
export function listedApproval(context: ServerContext, row: Row): Approval {
  return approvalOf(context, approvalRow(row), readMayApprove(row).mayApprove)
}

/** The seal context of what a request for approval asks for. */
export function approvalContext({ clientId, approvalId }: Pick<ApprovalRow, 'clientId' | 'approvalId'>): SealContext {
  return { purpose: 'approval', clientId, row: approvalId }
}

export function sealApproval(
  { sealer }: Pick<ServerContext, 'sealer'>,
  key: Pick<ApprovalRow, 'clientId' | 'approvalId'>,
  content: Sealed,
): Uint8Array {
  return sealer.seal(approvalContext(key), utf8(JSON.stringify(content)))
}

export function openApproval({ sealer }: Pick<ServerContext, 'sealer'>, row: ApprovalRow): Sealed {
  return JSON.parse(fromUtf8(sealer.open(approvalContext(row), row.sealed))) as Sealed
}

/** Seals a row again with the current master key, if it is still as it was read. */
export async function resealApproval({ database, sealer }: ServerContext, row: ApprovalRow): Promise<boolean> {
  const { clientId, approvalId, sealed } = row
  const changed = await database.query(
    'update reshare_approvals set sealed = $4 where client_id = $1 and approval_id = $2 and sealed = $3 returning 1',
    [clientId, approvalId, sealed, sealer.reseal(approvalContext(row), sealed)],
  )
  return changed.length > 0
}

/** SHA-256 in hex of JSON with the fields of objects in order, so that the same request has the same one. */
export function fingerprintOf(subject: unknown): string {
  return toHex(sha256(utf8(JSON.stringify(subject, inOrder))))
}

function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function stateOf({ now }: Pick<ServerContext, 'now'>, row: ApprovalRow): ApprovalState {
  const { state, approver, approvedAt, readyAt, expiresAt } = row
  if (state !== 'OPEN') return state
  if (expiresAt.getTime() <= now()) return 'EXPIRED'
  const isApproved = approver === null || approvedAt !== null
  return isApproved && readyAt.getTime() <= now() ? 'READY' : 'WAITING'
}

/** What the device that has asked is told. */
export function requiredOf(row: ApprovalRow, reason: string): RequiredApproval {
  const { approvalId, approver, createdAt, readyAt, expiresAt } = row
  const waits = readyAt.getTime() > createdAt.getTime()
  return {
    approvalId,
    approver,
    readyAt: waits ? readyAt.toISOString() : null,
    expiresAt: expiresAt.toISOString(),
    reason,
  }
}

export function approvalOf(context: ServerContext, row: ApprovalRow, mayApprove: boolean): Approval {
  const { reason, details } = openApproval(context, row)
  const state = stateOf(context, row)
  return {
    ...requiredOf(row, reason),
    state,
    action: row.action,
    walletId: row.walletId,
    setId: row.setId,
    deviceId: row.device,
    createdAt: row.createdAt.toISOString(),
    approvedAt: row.approvedAt?.toISOString() ?? null,
    approvedBy: row.approvedBy,
    endedAt: row.endedAt?.toISOString() ?? null,
    mayApprove: mayApprove && state === 'WAITING' && row.approvedAt === null,
    details,
  }
}

const COLUMNS = Object.keys(tables.reshare_approvals) as readonly (keyof typeof tables.reshare_approvals)[]

export async function insertApproval(tx: Queryable, row: ApprovalRow): Promise<void> {
  const values: Readonly<Record<(typeof COLUMNS)[number], SqlValue>> = {
    client_id: row.clientId,
    approval_id: row.approvalId,
    action: row.action,
    wallet_id: row.walletId,
    set_id: row.setId,
    device: row.device,
    revoked_device: row.revokedDevice,
    operation_id: row.operationId,
    state: row.state,
    approver: row.approver,
    created_at: row.createdAt,
    ready_at: row.readyAt,
    expires_at: row.expiresAt,
    approved_at: row.approvedAt,
    approved_by: row.approvedBy,
    ended_at: row.endedAt,
    told: row.told,
    sealed: row.sealed,
  }
  const places = COLUMNS.map((_, i) => `$${i + 1}`)
  await tx.query(
    `insert into reshare_approvals (${COLUMNS.join(', ')}) values (${places.join(', ')})`,
    COLUMNS.map((name) => values[name]),
  )
}

/** The ids of an event about it. */
export function eventOf(row: ApprovalRow, event: AuditEvent['event'], ...about: readonly string[]): AuditEvent {
  const { approvalId, action, walletId, setId, operationId } = row
  return {
    event,
    ...(walletId !== null && { walletId }),
    ...(setId !== null && { setId }),
    ...(operationId !== null && { operationId }),
    detail: [approvalId, action, ...about].join(' '),
  }
}
