import type { OperationRequest } from '../../api/operations.ts'
import { createRateCounts, rateLimited, type RateCounts } from '../../api/rate-counts.ts'
import type { AuditEvent } from '../audit/entry.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable } from '../database/types.ts'
import type { KeptRequest, OperationKey } from './rows.ts'

type Kind = OperationRequest['kind']

/** What needs a proof of possession: its failures are counted, and a client that is locked out begins none of it. */
const GUARDED: ReadonlySet<Kind> = new Set(['backup', 'recover', 'refresh', 'prove', 'export'])

export function isGuarded({ kind }: KeptRequest): boolean {
  return GUARDED.has(kind)
}

/** The counts of all clients, and what the log tells of them. */
export function rateCounts({ database, now, limits, audit }: ServerContext): RateCounts<Kind> {
  return createRateCounts<Kind>({
    table: 'reshare_rates',
    database,
    now,
    rates: limits.rates,
    lockOut: limits.lockOut,
    onLocked: (tx, clientId, until) => audit.record(tx, clientId, [lockedOut(until)]),
    onUnlocked: (tx, clientId) => audit.record(tx, clientId, [{ event: 'unlocked' }]),
  })
}

/**
 * Counts an operation that this transaction has added, and holds the client until it ends: all processes count in one row
 * a client and kind, and no two operations of a client at once.
 *
 * @throws {RATE_LIMITED} if the client has begun too many of its kind, or has too many that are not decided; the
 *   transaction is to be rolled back
 */
export async function chargeOperation(
  context: ServerContext,
  tx: Queryable,
  clientId: string,
  kind: Kind,
): Promise<void> {
  // Of operations that begin at once each counts the ones before it.
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`reshare client ${clientId}`])
  await requireFewOpen(context, tx, clientId)
  await rateCounts(context).charge(tx, clientId, kind)
}

/**
 * Looks whether an operation could be counted, before anybody is asked to consent to it.
 *
 * @throws {RATE_LIMITED} if it could not, and has not been
 */
export async function requireWithinRate(
  context: ServerContext,
  { clientId, operationId }: OperationKey,
  kind: Kind,
): Promise<void> {
  await rateCounts(context).requireWithinRate(clientId, kind, async () => {
    const added = 'select 1 from reshare_operations where client_id = $1 and operation_id = $2'
    return (await context.database.query(added, [clientId, operationId])).length > 0
  })
}

/** Counts a failed proof. @returns what the log tells of it */
export async function countFailure(context: ServerContext, tx: Queryable, clientId: string): Promise<AuditEvent[]> {
  const { locks, endsAt } = await rateCounts(context).countFailure(tx, clientId)
  return locks ? [lockedOut(endsAt)] : []
}

function lockedOut(until: Date): AuditEvent {
  return { event: 'lockedOut', detail: until.toISOString() }
}

async function requireFewOpen(context: ServerContext, tx: Queryable, clientId: string): Promise<void> {
  const [row] = await tx.query(
    `select count(*)::int as count, min(expires_at) as ends_at from reshare_operations open
     where client_id = $1 and (state is not null or round = 0) and expires_at > $2 and not exists
       (select 1 from reshare_decisions decided
        where decided.client_id = open.client_id and decided.operation_id = open.operation_id)`,
    [clientId, timestamp(context)],
  )
  if ((row?.['count'] as number) <= context.limits.openOperations) return
  const message = 'too many operations are under way: finish or abort some'
  throw rateLimited(message, row?.['ends_at'] as Date, context.now())
}
