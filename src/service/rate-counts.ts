import { MpcError } from '../errors.ts'
import type { Database, Queryable, Row } from './database/types.ts'
import { isDate } from '../util/brand.ts'
import { inPages, PAGE } from '../util/pages.ts'
import type { RatesTable } from './rates-table.ts'
import type { LockOut, Rate } from './rates.ts'

/**
 * The subject of a count: a client, or one of its sets or devices (an id in lower-case hex). Failures of one set or
 * device do not affect another.
 */
export interface Subject {
  readonly clientId: string
  readonly scope: '' | `set ${string}` | `device ${string}`
}

/** The kind that counts failures, besides the kinds that have a rate. */
const FAILURE = 'failure'

/**
 * A client's bound on failures, as a multiple of a set's: high enough that one set or device reaches its own bound
 * first, and still a bound on guessing with one set after another.
 */
const CLIENT_FACTOR = 4

/** Far enough below the largest int of the database for one more count. */
const COUNT_END = 2 ** 31 - 1 - 64

/** SQL: adds to the window of the row `known` that is open at `$4`, or opens the new one. */
const IN_OPEN_WINDOW = `
  count = case when known.ends_at <= $4 then excluded.count else least(known.count, ${COUNT_END}) + excluded.count end,
  started_at = case when known.ends_at <= $4 then excluded.started_at else known.started_at end,
  ends_at = case when known.ends_at <= $4 then excluded.ends_at else known.ends_at end`

interface Counted {
  readonly count: number
  /** When the window started, which identifies it. */
  readonly startedAt: Date
  /** When the window, or the lockout, ends. */
  readonly endsAt: Date
}

/** A subject that a failure has locked out. */
export interface Locked {
  readonly subject: Subject
  readonly until: Date
}

export interface RateCountOptions<Kind extends string> {
  /** As `ratesTable` creates it: one row per client, kind and subject. */
  readonly table: RatesTable
  readonly database: Database
  readonly now: () => number
  readonly rates: Readonly<Record<Kind, Rate | null>>
  readonly lockOut: LockOut | null
  /** Records, together with a reserved failure, which subjects it has locked out. */
  readonly onLocked?: (tx: Queryable, locked: readonly Locked[]) => Promise<void>
  /** Records which subjects are no longer locked out because a reserved failure was released. */
  readonly onUnlocked?: (tx: Queryable, subjects: readonly Subject[]) => Promise<void>
}

/** Counts operations and failures in the database: all processes share one row per kind and subject. */
export interface RateCounts<Kind extends string> {
  /**
   * Counts one operation in this transaction.
   *
   * @param times as how many it counts, at most 64. Default: 1
   * @throws {RATE_LIMITED} if there were too many; the transaction must be rolled back
   */
  charge(tx: Queryable, subject: Subject, kind: Kind, times?: number): Promise<void>
  /**
   * Counts one operation at once, in a statement of its own: before work that is done only within the rate.
   *
   * @param times as of {@link RateCounts.charge}
   * @returns a function that takes it back, unless the window that it was counted in is over
   * @throws {RATE_LIMITED} if there were too many; nothing was counted
   */
  chargeNow(subject: Subject, kind: Kind, times?: number): Promise<() => Promise<void>>
  /** @throws {RATE_LIMITED} if one of the subjects is locked out */
  requireUnlocked(subjects: readonly Subject[]): Promise<void>
  /**
   * Counts a failure of several subjects. A subject is locked out once it has too many; further failures during the
   * lockout do not extend it.
   *
   * @returns the subjects that it has locked out
   */
  recordFailure(tx: Queryable, subjects: readonly Subject[]): Promise<readonly Locked[]>
  /**
   * Counts an attempt and its failure before the outcome is known. So no more concurrent guesses are judged than may
   * fail, even if the processes that judge them die.
   *
   * @param charged the subject and kind whose rate the attempt counts towards, whether or not it fails
   * @returns a function that takes the failure back, unless the window that it was counted in is over
   * @throws {RATE_LIMITED} if there were too many attempts, or a subject is locked out; nothing was counted
   */
  reserveFailure(
    charged: { readonly subject: Subject; readonly kind: Kind },
    subjects: readonly Subject[],
  ): Promise<() => Promise<void>>
  /** Deletes counts whose window is over. */
  forget(): Promise<void>
}

export function createRateCounts<Kind extends string>(options: RateCountOptions<Kind>): RateCounts<Kind> {
  const { table, database, now, rates, lockOut, onLocked, onUnlocked } = options
  const later = (ms = 0): Date => new Date(now() + ms)

  /** Adds to the open window, or opens a new one. */
  const increment = async (
    tx: Queryable,
    subject: Subject,
    kind: string,
    { windowMs, times = 1 }: { readonly windowMs: number; readonly times?: number | undefined },
  ): Promise<Counted> => {
    const [row] = await tx.query(
      `insert into ${table} as known (client_id, kind, subject, count, started_at, ends_at) values ($1, $2, $3, $6, $4, $5)
       on conflict (client_id, kind, subject) do update set ${IN_OPEN_WINDOW}
       returning count, started_at, ends_at`,
      [subject.clientId, kind, subject.scope, later(), later(windowMs), times],
    )
    return countedRow(row)
  }
  const charge = async (tx: Queryable, subject: Subject, kind: Kind, times?: number): Promise<void> => {
    const rate = rates[kind]
    if (rate === null) return
    const { count, endsAt } = await increment(tx, subject, kind, { windowMs: rate.perMs, times })
    if (count <= rate.count) return
    throw tooMany(kind, endsAt)
  }
  /** When a window ends in which there is no room; of a rate that has never room for so many, when a new one would. */
  const windowEnd = async ({ clientId, scope }: Subject, kind: Kind, { perMs }: Rate): Promise<Date> => {
    const [row] = await database.query(
      `select ends_at from ${table} where client_id = $1 and kind = $2 and subject = $3 and ends_at > $4`,
      [clientId, kind, scope, later()],
    )
    const endsAt = row?.['ends_at']
    return isTime(endsAt) ? endsAt : later(perMs)
  }
  const tooMany = (kind: Kind, endsAt: Date): MpcError =>
    rateLimited(`too many operations of this kind (${kind}): try again later`, endsAt, now())
  const lockedOut = (endsAt: Date): MpcError =>
    rateLimited('locked after failed proofs: try again later', endsAt, now())

  /**
   * A lockout has no row of its own: it is a failure count at its bound, in a window that then ends with the lockout.
   */
  const fail = async (
    tx: Queryable,
    subject: Subject,
    lock: LockOut,
  ): Promise<Counted & { readonly locks: boolean }> => {
    const counted = await increment(tx, subject, FAILURE, { windowMs: lock.withinMs })
    if (counted.count !== failuresOf(lock, subject)) return { ...counted, locks: false }
    const endsAt = later(lock.lockedMs)
    await tx.query(
      `update ${table} set ends_at = $4 where client_id = $1 and kind = '${FAILURE}' and subject = $2 and started_at = $3`,
      [subject.clientId, subject.scope, counted.startedAt, endsAt],
    )
    return { ...counted, endsAt, locks: true }
  }
  /** @returns whether that ends a lockout of the subject */
  const release = async (tx: Queryable, subject: Subject, startedAt: Date, lock: LockOut): Promise<boolean> => {
    const bound = failuresOf(lock, subject)
    const [left] = await tx.query(
      `update ${table} set count = count - 1, ends_at = case when count = $4 then $5 else ends_at end
       where client_id = $1 and kind = '${FAILURE}' and subject = $2 and started_at = $3 and count > 0 returning count`,
      [subject.clientId, subject.scope, startedAt, bound, new Date(startedAt.getTime() + lock.withinMs)],
    )
    return left?.['count'] === bound - 1
  }

  return {
    charge,
    async chargeNow(subject, kind, times = 1) {
      const rate = rates[kind]
      if (rate === null) return async () => undefined
      const [row] = await database.query(
        `insert into ${table} as known (client_id, kind, subject, count, started_at, ends_at)
         select $1, $2, $3, $6::int, $4::timestamptz, $5::timestamptz where $6::int <= $7::int
         on conflict (client_id, kind, subject) do update set ${IN_OPEN_WINDOW}
         where known.ends_at <= $4 or known.count <= $7 - $6
         returning count, started_at, ends_at`,
        [subject.clientId, kind, subject.scope, later(), later(rate.perMs), times, rate.count],
      )
      if (row === undefined) throw tooMany(kind, await windowEnd(subject, kind, rate))
      const { startedAt } = countedRow(row)
      return async () => {
        await database.query(
          `update ${table} set count = greatest(count - $5, 0)
           where client_id = $1 and kind = $2 and subject = $3 and started_at = $4`,
          [subject.clientId, kind, subject.scope, startedAt, times],
        )
      }
    },
    async requireUnlocked(subjects) {
      if (lockOut === null || subjects.length === 0) return
      const isLocked = (i: number) =>
        `(client_id = $${2 + 3 * i} and subject = $${3 + 3 * i} and count >= $${4 + 3 * i})`
      // An aggregate always has a row: without one, the count is unknown.
      const [row] = await database.query(
        `select max(ends_at) as ends_at, count(*)::int as locks from ${table}
         where kind = '${FAILURE}' and ends_at > $1 and (${subjects.map((_, i) => isLocked(i)).join(' or ')})`,
        [later(), ...subjects.flatMap((subject) => [subject.clientId, subject.scope, failuresOf(lockOut, subject)])],
      )
      const { locks, ends_at: endsAt } = row ?? {}
      if (locks === 0) return
      throw Number.isSafeInteger(locks) && isTime(endsAt) ? lockedOut(endsAt) : unknownCount()
    },
    async recordFailure(tx, subjects) {
      if (lockOut === null) return []
      const locked: Locked[] = []
      for (const subject of inOrder(subjects)) {
        const { locks, endsAt } = await fail(tx, subject, lockOut)
        if (locks) locked.push({ subject, until: endsAt })
      }
      return locked
    },
    async reserveFailure({ subject: payer, kind }, subjects) {
      const windows = await database.transaction(async (tx) => {
        await charge(tx, payer, kind)
        if (lockOut === null) return []
        const opened: { readonly subject: Subject; readonly startedAt: Date }[] = []
        const locked: Locked[] = []
        for (const subject of inOrder(subjects)) {
          const { count, startedAt, endsAt, locks } = await fail(tx, subject, lockOut)
          if (count > failuresOf(lockOut, subject)) throw lockedOut(endsAt)
          opened.push({ subject, startedAt })
          if (locks) locked.push({ subject, until: endsAt })
        }
        if (locked.length > 0) await onLocked?.(tx, locked)
        return opened
      }, 'read committed')
      return async () => {
        if (lockOut === null) return
        await database.transaction(async (tx) => {
          const unlocked: Subject[] = []
          for (const { subject, startedAt } of windows) {
            if (await release(tx, subject, startedAt, lockOut)) unlocked.push(subject)
          }
          if (unlocked.length > 0) await onUnlocked?.(tx, unlocked)
        }, 'read committed')
      }
    },
    async forget() {
      await inPages(() =>
        database.query(
          `delete from ${table} where (client_id, kind, subject) in
             (select client_id, kind, subject from ${table} where ends_at <= $1 limit ${PAGE})
           returning 1`,
          [later()],
        ),
      )
    },
  }
}

function failuresOf({ failures }: LockOut, { scope }: Subject): number {
  return scope === '' ? CLIENT_FACTOR * failures : failures
}

/** Rows are always locked in the same order, so that no two transactions wait for each other. */
function inOrder(subjects: readonly Subject[]): Subject[] {
  return [...subjects].sort((a, b) => (a.scope < b.scope ? -1 : 1))
}

function countedRow(row: Row | undefined): Counted {
  const { count, started_at: startedAt, ends_at: endsAt } = row ?? {}
  if (!Number.isSafeInteger(count) || !isTime(startedAt) || !isTime(endsAt)) throw unknownCount()
  return { count: count as number, startedAt, endsAt }
}

/** An unknown count is not treated as zero. */
function unknownCount(): TypeError {
  return new TypeError('the database does not say what it has counted')
}

function isTime(value: unknown): value is Date {
  return isDate(value) && !Number.isNaN(value.getTime())
}

/**
 * @param endsAt when the same call may succeed
 * @param now milliseconds since 1970
 */
export function rateLimited(message: string, endsAt: Date, now: number): MpcError {
  return new MpcError('RATE_LIMITED', message, { retryAfterMs: Math.max(1, endsAt.getTime() - now) })
}
