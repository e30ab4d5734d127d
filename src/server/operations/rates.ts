import type { OperationRequest } from '../../api/operations.ts'
import { MpcError } from '../../errors.ts'
import type { AuditEvent } from '../audit/entry.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable } from '../database/types.ts'
import type { OperationKey } from './rows.ts'

/** Counts beside those of the kinds of operations. */
const FAILURE = 'failure'

/** What needs a proof of possession: its failures are counted, and a client that is locked out begins none of it. */
const GUARDED: ReadonlySet<OperationRequest['kind']> = new Set(['backup', 'recover', 'refresh', 'prove', 'export'])

export function isGuarded({ kind }: OperationRequest): boolean {
  return GUARDED.has(kind)
}

interface Counted {
  readonly count: number
  /** When the window, or the lock, is over. */
  readonly endsAt: Date
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
  kind: OperationRequest['kind'],
): Promise<void> {
  // Of operations that begin at once each counts the ones before it.
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`reshare client ${clientId}`])
  await requireFewOpen(context, tx, clientId)
  const rate = context.limits.rates[kind]
  if (rate === null) return
  const { count, endsAt } = await increment(context, tx, clientId, kind, rate.perMs)
  if (count > rate.count) throw tooMany(context, kind, endsAt)
}

/**
 * Looks whether an operation could be counted, before anybody is asked to consent to it.
 *
 * @throws {RATE_LIMITED} if it could not, and has not been
 */
export async function requireWithinRate(
  context: ServerContext,
  { clientId, operationId }: OperationKey,
  kind: OperationRequest['kind'],
): Promise<void> {
  const rate = context.limits.rates[kind]
  if (rate === null) return
  const [full] = await context.database.query(
    `select ends_at from reshare_rates where client_id = $1 and kind = $2 and count >= $3 and ends_at > $4 and not exists
       (select 1 from reshare_operations where client_id = $1 and operation_id = $5)`,
    [clientId, kind, rate.count, timestamp(context), operationId],
  )
  if (full !== undefined) throw tooMany(context, kind, full['ends_at'] as Date)
}

/** @throws {RATE_LIMITED} if the client is locked out */
export async function requireUnlocked(context: ServerContext, clientId: string): Promise<void> {
  const { lockOut } = context.limits
  if (lockOut === null) return
  const [locked] = await context.database.query(
    'select ends_at from reshare_rates where client_id = $1 and kind = $2 and count >= $3 and ends_at > $4',
    [clientId, FAILURE, lockOut.failures, timestamp(context)],
  )
  if (locked !== undefined) throw lockedOut(context, locked['ends_at'] as Date)
}

/** A counted failure, and what the log tells of it. */
interface Failure extends Counted {
  readonly events: AuditEvent[]
}

/** Counts a failed proof. The one that is too many locks the client out; those that were under way then lock no longer. */
export async function countFailure(context: ServerContext, tx: Queryable, clientId: string): Promise<Failure> {
  const { lockOut } = context.limits
  if (lockOut === null) return { count: 0, endsAt: timestamp(context), events: [] }
  const counted = await increment(context, tx, clientId, FAILURE, lockOut.withinMs)
  if (counted.count !== lockOut.failures) return { ...counted, events: [] }
  const endsAt = timestamp(context, lockOut.lockedMs)
  const lock = 'update reshare_rates set ends_at = $3 where client_id = $1 and kind = $2'
  await tx.query(lock, [clientId, FAILURE, endsAt])
  return { ...counted, endsAt, events: [{ event: 'lockedOut', detail: endsAt.toISOString() }] }
}

/**
 * Counts a failure before it is known to be one: of many guesses at once, no more are judged than may fail.
 *
 * @returns takes the count back
 * @throws {RATE_LIMITED} if the client is locked out
 */
export async function presumeFailure(context: ServerContext, clientId: string): Promise<() => Promise<void>> {
  const { audit, database, limits } = context
  const { lockOut } = limits
  await database.transaction(async (tx) => {
    const { count, endsAt, events } = await countFailure(context, tx, clientId)
    if (lockOut !== null && count > lockOut.failures) throw lockedOut(context, endsAt)
    await audit.record(tx, clientId, events)
  })
  return () =>
    database.transaction(async (tx) => {
      const [left] = await tx.query(
        `update reshare_rates set count = count - 1 where client_id = $1 and kind = $2 and count > 0 returning count`,
        [clientId, FAILURE],
      )
      if (left?.['count'] === (lockOut?.failures ?? 0) - 1) await audit.record(tx, clientId, [{ event: 'unlocked' }])
    })
}

/** Forgets counts whose time is over. */
export async function forgetRates(context: ServerContext): Promise<void> {
  await context.database.query('delete from reshare_rates where ends_at <= $1', [timestamp(context)])
}

/** One more in the window that is open, or the first of a new one. */
async function increment(
  context: ServerContext,
  tx: Queryable,
  clientId: string,
  kind: string,
  windowMs: number,
): Promise<Counted> {
  const [row] = await tx.query(
    `insert into reshare_rates as known (client_id, kind, count, ends_at) values ($1, $2, 1, $3)
     on conflict (client_id, kind) do update set
       count = case when known.ends_at <= $4 then 1 else known.count + 1 end,
       ends_at = case when known.ends_at <= $4 then excluded.ends_at else known.ends_at end
     returning count, ends_at`,
    [clientId, kind, timestamp(context, windowMs), timestamp(context)],
  )
  return { count: row?.['count'] as number, endsAt: row?.['ends_at'] as Date }
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
  throw limited(context, 'too many operations are under way: finish or abort some', row?.['ends_at'] as Date)
}

function tooMany(context: ServerContext, kind: string, endsAt: Date): MpcError {
  return limited(context, `too many operations of this kind (${kind}): try again later`, endsAt)
}

function lockedOut(context: ServerContext, endsAt: Date): MpcError {
  return limited(context, 'locked after failed proofs: try again later', endsAt)
}

function limited({ now }: ServerContext, message: string, endsAt: Date): MpcError {
  return new MpcError('RATE_LIMITED', message, { retryAfterMs: Math.max(1, endsAt.getTime() - now()) })
}
