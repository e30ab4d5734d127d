import { DEFAULT_HOOK_MS } from '../../service/hooks.ts'
import { checkLimit, checkLockOut, HOUR_MS, replaceRates, type LockOut, type Rate } from '../../service/rates.ts'

/** What a user may begin a bounded number of. */
export type CustodianRates = Readonly<Record<'export', Rate | null>>

export interface CustodianLimits {
  readonly rates: CustodianRates
  readonly lockOut: LockOut | null
  readonly hookMs: number
  readonly requestMs: number
}

/** Limits of a custodian; what is left out has the default that it names. */
export interface CustodianLimitOptions {
  /** How many exports may be tried with one backup set: 5 a day unless given; null for any number. */
  readonly rates?: Partial<CustodianRates> | null
  /** When exports of a backup set are locked; null for never. After 5 failures in an hour, for an hour, unless given. */
  readonly lockOut?: LockOut | null
  /** How long a hook may take, in milliseconds: 10 s unless given. Longer is a failure. */
  readonly hookMs?: number
  /** How long a request may take, in milliseconds: 2 minutes unless given. Then it is answered 503, whatever becomes of it. */
  readonly requestMs?: number
}

const DEFAULT_RATES: CustodianRates = { export: { count: 5, perMs: 24 * HOUR_MS } }

/** @throws {TypeError | RangeError} for a limit that there is not, or that is none */
export function mergeLimits(options: CustodianLimitOptions = {}): CustodianLimits {
  const { rates, lockOut, hookMs = DEFAULT_HOOK_MS, requestMs = 2 * 60_000, ...unknown } = options
  for (const name of Object.keys(unknown)) throw new TypeError(`unknown limit ${name}`)
  checkLimit('hookMs', hookMs)
  checkLimit('requestMs', requestMs)
  return { rates: replaceRates(DEFAULT_RATES, rates), lockOut: checkLockOut(lockOut), hookMs, requestMs }
}
