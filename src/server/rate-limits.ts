import type { OperationRequest } from '../api/operations.ts'

/** How many operations of one kind a client may begin in one window of time; it opens with the first of them. */
export interface Rate {
  readonly count: number
  readonly perMs: number
}

/** The rate of each kind of operation; null where it has none. */
export type RateLimits = Readonly<Record<OperationRequest['kind'], Rate | null>>

/**
 * When a client is locked out of every operation that needs a proof of possession: for `lockedMs`, once `failures` of them
 * have failed, the first of them at most `withinMs` ago.
 */
export interface LockOut {
  readonly failures: number
  readonly withinMs: number
  readonly lockedMs: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

export const DEFAULT_RATES: RateLimits = {
  generate: { count: 20, perMs: HOUR },
  backup: { count: 60, perMs: HOUR },
  recover: { count: 10, perMs: HOUR },
  refresh: { count: 60, perMs: HOUR },
  prove: { count: 60, perMs: HOUR },
  export: { count: 5, perMs: 24 * HOUR },
  setUp: { count: 60, perMs: HOUR },
  presign: { count: 600, perMs: MINUTE },
  sign: { count: 600, perMs: MINUTE },
}

export const DEFAULT_LOCK_OUT: LockOut = { failures: 5, withinMs: HOUR, lockedMs: HOUR }

/**
 * The default rates with an operator's own in their place.
 *
 * @param rates null for none at all
 * @throws {TypeError | RangeError} for a kind that there is not, or a rate that is none
 */
export function mergeRates(rates: Partial<RateLimits> | null = {}): RateLimits {
  const kinds = Object.keys(DEFAULT_RATES)
  if (rates === null) return Object.fromEntries(kinds.map((kind) => [kind, null])) as unknown as RateLimits
  for (const [kind, rate] of Object.entries(rates)) {
    if (!kinds.includes(kind)) throw new TypeError(`unknown limit rates.${kind}`)
    if (rate !== null) requirePositive(`rates.${kind}`, rate, ['count', 'perMs'])
  }
  return { ...DEFAULT_RATES, ...rates }
}

/** @throws {TypeError | RangeError} unless it is one, or null */
export function checkLockOut(lockOut: LockOut | null = DEFAULT_LOCK_OUT): LockOut | null {
  if (lockOut !== null) requirePositive('lockOut', lockOut, ['failures', 'withinMs', 'lockedMs'])
  return lockOut
}

function requirePositive<Name extends string>(of: string, values: Readonly<Record<Name, number>>, names: Name[]): void {
  if (typeof values !== 'object') throw new TypeError(`limits.${of} must be an object, or null for none`)
  for (const name of names) {
    if (Number.isSafeInteger(values[name]) && values[name] > 0) continue
    throw new RangeError(`limits.${of}.${name} must be a positive integer`)
  }
}
