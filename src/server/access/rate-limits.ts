import type { OperationRequest } from '../../wire/operations.ts'
import { HOUR_MS, replaceRates, type Rate } from '../../service/rates.ts'

/** The rate of each kind of operation; null for no limit. A `signAll` counts as its signatures, by the rate of `sign`. */
export type RateLimits = Readonly<Record<Exclude<OperationRequest['kind'], 'signAll'>, Rate | null>>

/** The kinds of operations that have a rate. */
export type RatedKind = keyof RateLimits

const MINUTE_MS = 60_000

export const DEFAULT_RATES: RateLimits = {
  generate: { count: 20, perMs: HOUR_MS },
  import: { count: 20, perMs: HOUR_MS },
  backup: { count: 60, perMs: HOUR_MS },
  recover: { count: 10, perMs: HOUR_MS },
  refresh: { count: 60, perMs: HOUR_MS },
  join: { count: 20, perMs: HOUR_MS },
  prove: { count: 60, perMs: HOUR_MS },
  export: { count: 5, perMs: 24 * HOUR_MS },
  setup: { count: 60, perMs: HOUR_MS },
  preprocess: { count: 600, perMs: MINUTE_MS },
  sign: { count: 600, perMs: MINUTE_MS },
}

/** @throws {TypeError | RangeError} as {@link replaceRates} */
export function mergeRates(rates?: Partial<RateLimits> | null): RateLimits {
  return replaceRates(DEFAULT_RATES, rates)
}
