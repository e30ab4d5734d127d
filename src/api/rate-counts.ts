import { MpcError } from '../errors.ts'
import type { Database, Queryable } from '../server/database/types.ts'
import type { LockOut, Rate } from './rates.ts'

/** Counts beside those of the kinds that have a rate. */
const FAILURE = 'failure'

interface Counted {
  readonly count: number
  /** When the window, or the lock, is over. */
  readonly endsAt: Date
}

/** A counted failure, and whether it is the one that locks the client out. */
export interface CountedFailure extends Counted {
  readonly locks: boolean
}

export interface RateCountOptions<Kind extends string> {
  /** Has a row a client and kind: `client_id text, kind text, count int, ends_at timestamptz`. */
  readonly table: 'reshare_rates' | 'reshare_custodian_rates'
  readonly database: Database
  readonly now: () => number
  readonly rates: Readonly<Record<Kind, Rate | null>>
  readonly lockOut: LockOut | null
  /** Writes down, with a failure that was presumed, that it has locked the client out. */
  readonly onLocked?: (tx: Queryable, clientId: string, until: Date) => Promise<void>
  /** Writes down that it was none. */
  readonly onUnlocked?: (tx: Queryable, clientId: string) => Promise<void>
}

/** Counts, in the database, what each client does and fails: all processes count in one row a client and kind. */
export interface RateCounts<Kind extends string> {
  /**
   * Counts what this transaction does.
   *
   * @throws {RATE_LIMITED} if it is too much; the transaction is to be rolled back
   */
  charge(tx: Queryable, clientId: string, kind: Kind): Promise<void>
  /**
   * Looks whether something could be counted, before anybody is asked to consent to it.
   *
   * @param isCounted whether it has been counted already; asked only if no more could be
   * @throws {RATE_LIMITED} if it could not, and has not been
   */
  requireWithinRate(clientId: string, kind: Kind, isCounted?: () => Promise<boolean>): Promise<void>
  /** @throws {RATE_LIMITED} if the client is locked out */
  requireUnlocked(clientId: string): Promise<void>
  /**
   * Counts a failed proof. The one that is too many locks the client out; those that were under way then lock no longer.
   */
  countFailure(tx: Queryable, clientId: string): Promise<CountedFailure>
  /**
   * Counts a failure before it is known to be one: of many guesses at once, no more are judged than may fail.
   *
   * @returns takes the count back, unless the window that it was counted in, or the lock that it has made, is over: by
   *   then the row may count in another
   * @throws {RATE_LIMITED} if the client is locked out
   */
  presumeFailure(clientId: string): Promise<() => Promise<void>>
  /** Forgets counts whose time is over. */
  forget(): Promise<void>
}

export function createRateCounts<Kind extends string>(options: RateCountOptions<Kind>): RateCounts<Kind> {
  const { table, database, now, rates, lockOut, onLocked, onUnlocked } = options
  const later = (ms = 0): Date => new Date(now() + ms)

  /** One more in the window that is open, or the first of a new one. */
  const increment = async (tx: Queryable, clientId: string, kind: string, windowMs: number): Promise<Counted> => {
    const [row] = await tx.query(
      `insert into ${table} as known (client_id, kind, count, ends_at) values ($1, $2, 1, $3)
       on conflict (client_id, kind) do update set
         count = case when known.ends_at <= $4 then 1 else known.count + 1 end,
         ends_at = case when known.ends_at <= $4 then excluded.ends_at else known.ends_at end
       returning count, ends_at`,
      [clientId, kind, later(windowMs), later()],
    )
    return { count: row?.['count'] as number, endsAt: row?.['ends_at'] as Date }
  }
  /** When a count that has come to its bound is over; undefined below it. */
  const fullUntil = async (clientId: string, kind: string, bound: number): Promise<Date | undefined> => {
    const [full] = await database.query(
      `select ends_at from ${table} where client_id = $1 and kind = $2 and count >= $3 and ends_at > $4`,
      [clientId, kind, bound, later()],
    )
    return full?.['ends_at'] as Date | undefined
  }
  const tooMany = (kind: string, endsAt: Date): MpcError =>
    rateLimited(`too many operations of this kind (${kind}): try again later`, endsAt, now())
  const lockedOut = (endsAt: Date): MpcError =>
    rateLimited('locked after failed proofs: try again later', endsAt, now())

  // A lock has no row of its own: it is the count of failures at its bound, in a window that from then on ends with the lock.
  const countFailure = async (tx: Queryable, clientId: string): Promise<CountedFailure> => {
    if (lockOut === null) return { count: 0, endsAt: later(), locks: false }
    const counted = await increment(tx, clientId, FAILURE, lockOut.withinMs)
    if (counted.count !== lockOut.failures) return { ...counted, locks: false }
    const endsAt = later(lockOut.lockedMs)
    await tx.query(`update ${table} set ends_at = $3 where client_id = $1 and kind = $2`, [clientId, FAILURE, endsAt])
    return { ...counted, endsAt, locks: true }
  }

  return {
    async charge(tx, clientId, kind) {
      const rate = rates[kind]
      if (rate === null) return
      const { count, endsAt } = await increment(tx, clientId, kind, rate.perMs)
      if (count > rate.count) throw tooMany(kind, endsAt)
    },
    async requireWithinRate(clientId, kind, isCounted) {
      const rate = rates[kind]
      if (rate === null) return
      const endsAt = await fullUntil(clientId, kind, rate.count)
      if (endsAt !== undefined && (await isCounted?.()) !== true) throw tooMany(kind, endsAt)
    },
    async requireUnlocked(clientId) {
      if (lockOut === null) return
      const endsAt = await fullUntil(clientId, FAILURE, lockOut.failures)
      if (endsAt !== undefined) throw lockedOut(endsAt)
    },
    countFailure,
    async presumeFailure(clientId) {
      if (lockOut === null) return () => Promise.resolve()
      const counted = await database.transaction(async (tx) => {
        const { count, endsAt, locks } = await countFailure(tx, clientId)
        if (count > lockOut.failures) throw lockedOut(endsAt)
        if (locks) await onLocked?.(tx, clientId, endsAt)
        return endsAt
      })
      return async () => {
        if (counted <= later()) return
        await database.transaction(async (tx) => {
          const [left] = await tx.query(
            `update ${table} set count = count - 1 where client_id = $1 and kind = $2 and count > 0 returning count`,
            [clientId, FAILURE],
          )
          // One below the bound it has just left: what was locked is not any more.
          if (left?.['count'] === lockOut.failures - 1) await onUnlocked?.(tx, clientId)
        })
      }
    },
    async forget() {
      await database.query(`delete from ${table} where ends_at <= $1`, [later()])
    },
  }
}

/**
 * @param endsAt when the same call may succeed
 * @param now milliseconds since 1970
 */
export function rateLimited(message: string, endsAt: Date, now: number): MpcError {
  return new MpcError('RATE_LIMITED', message, { retryAfterMs: Math.max(1, endsAt.getTime() - now) })
}
