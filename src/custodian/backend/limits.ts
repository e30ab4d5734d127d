import { DEFAULT_HOOK_MS } from '../../service/hooks.ts'
import { checkLimit, checkLockOut, HOUR_MS, replaceRates, type LockOut, type Rate } from '../../service/rates.ts'

/** The rates of what users start; null for no limit. */
export type CustodianRates = Readonly<Record<'export', Rate | null>>

export interface CustodianLimits {
  readonly rates: CustodianRates
  readonly lockOut: LockOut | null
  readonly hookMs: number
  readonly requestMs: number
}

/** Limits of a custodian. */
export interface CustodianLimitOptions {
  /** How many exports may be attempted per backup set; null for no limit. Default: 5 per day. */
  readonly rates?: Partial<CustodianRates> | null
  /** When exports of a backup set are locked; null for never. Default: for an hour, after 5 failures within an hour. */
  readonly lockOut?: LockOut | null
  /** How long a hook may take, in milliseconds; then it has failed. Default: 10 s. */
  readonly hookMs?: number
  /**
   * How long a request may take, in milliseconds; then the response is 503, and the request may or may not be carried out.
   * Default: 2 minutes.
   */
  readonly requestMs?: number
}

const DEFAULT_RATES: CustodianRates = { export: { count: 5, perMs: 24 * HOUR_MS } }

/** @throws {TypeError | RangeError} for an unknown or invalid limit */
export function mergeLimits(options: CustodianLimitOptions = {}): CustodianLimits {
  const { rates, lockOut, hookMs = DEFAULT_HOOK_MS, requestMs = 2 * 60_000, ...unknown } = options
  for (const name of Object.keys(unknown)) throw new TypeError(`unknown limit ${name}`)
  checkLimit('hookMs', hookMs)
  checkLimit('requestMs', requestMs)
  return { rates: replaceRates(DEFAULT_RATES, rates), lockOut: checkLockOut(lockOut), hookMs, requestMs }
}
