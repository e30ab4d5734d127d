/** What limits the use of a new signing set. A set with a scope or an expiry is a limited set. */
export interface SetLimits {
  /**
   * A name that the server's policy gets with each request of the set: 1 to 64 of the characters `a` to `z`, `0` to `9`, `.`,
   * `_` and `-`, of which the first is a letter or digit. Default: none.
   */
  readonly scope?: string
  /** When the set ends, by the server's clock: ISO 8601 as `Date.prototype.toISOString` writes it. Default: never. */
  readonly expiresAt?: string
}

/** What {@link isScope} accepts. */
export const SCOPE = /^[a-z0-9][a-z0-9._-]{0,63}$/
/** The form of what {@link isInstant} accepts. */
export const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Whether it is a scope, as {@link SetLimits} says. */
export function isScope(value: unknown): value is string {
  return typeof value === 'string' && SCOPE.test(value)
}

/** Whether it is an instant as `Date.prototype.toISOString` writes it, in the years 0 to 9999. */
export function isInstant(value: unknown): value is string {
  if (typeof value !== 'string' || !INSTANT.test(value)) return false
  const date = new Date(value)
  return !Number.isNaN(date.getTime()) && date.toISOString() === value
}
