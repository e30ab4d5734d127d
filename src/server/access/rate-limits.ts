import type { OperationRequest } from '../../wire/operations.ts'
import { HOUR_MS, replaceRates, type Rate } from '../../service/rates.ts'

/** The kinds of operations that have a rate: a `signAll` counts as its signatures, by that of `sign`. */
export type RatedKind = Exclude<OperationRequest['kind'], 'signAll'>

/** The rate of each kind of operation; null for no limit. */
export type RateLimits = Readonly<Record<RatedKind, Rate | null>>

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
