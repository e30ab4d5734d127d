import { checkLockOut, HOUR_MS, replaceRates, type LockOut, type Rate } from '../api/rates.ts'

/** What a user may begin a bounded number of. */
export type CustodianRates = Readonly<Record<'export', Rate | null>>

export interface CustodianLimits {
  readonly rates: CustodianRates
  readonly lockOut: LockOut | null
}

export interface CustodianLimitOptions {
  /** How many exports may be tried with one backup set: 5 a day unless given; null for any number. */
  readonly rates?: Partial<CustodianRates> | null
  /** When exports of a backup set are locked; null for never. After 5 failures in an hour, for an hour, unless given. */
  readonly lockOut?: LockOut | null
}

const DEFAULT_RATES: CustodianRates = { export: { count: 5, perMs: 24 * HOUR_MS } }

/** @throws {TypeError | RangeError} for a limit that there is not, or that is none */
export function mergeLimits({ rates, lockOut, ...unknown }: CustodianLimitOptions = {}): CustodianLimits {
  for (const name of Object.keys(unknown)) throw new TypeError(`unknown limit ${name}`)
  return { rates: replaceRates(DEFAULT_RATES, rates), lockOut: checkLockOut(lockOut) }
}
