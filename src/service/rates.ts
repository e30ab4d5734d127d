/** How many operations of one kind are allowed per window of time, which opens with the first. */
export interface Rate {
  /** How many operations per window. */
  readonly count: number
  /** The length of the window, in milliseconds. */
  readonly perMs: number
}

/**
 * When a set or a device is locked out of everything that needs a proof of possession: for `lockedMs`, once `failures`
 * of its proofs or exports have failed within `withinMs`. Four times as many denied exports lock a client out of
 * exports.
 */
export interface LockOut {
  /** How many failures lock a set or device out. */
  readonly failures: number
  /** The window in which failures are counted, in milliseconds. */
  readonly withinMs: number
  /** How long a lockout lasts, in milliseconds. */
  readonly lockedMs: number
}

export const HOUR_MS = 60 * 60_000

export const DEFAULT_LOCK_OUT: LockOut = { failures: 5, withinMs: HOUR_MS, lockedMs: HOUR_MS }

/**
 * The default rates with an operator's own replacing some.
 *
 * @param rates null for no rates at all
 * @throws {TypeError | RangeError} for an unknown kind, or a rate that is not one
 */
export function replaceRates<Kind extends string>(
  defaults: Readonly<Record<Kind, Rate | null>>,
  rates?: Readonly<Partial<Record<Kind, Rate | null>>> | null,
): Readonly<Record<Kind, Rate | null>> {
  const kinds = Object.keys(defaults)
  if (rates === null) return Object.fromEntries(kinds.map((kind) => [kind, null])) as Record<Kind, null>
  for (const [kind, rate] of Object.entries<Rate | null>({ ...rates })) {
    if (!kinds.includes(kind)) throw new TypeError(`unknown limit rates.${kind}`)
    if (rate !== null) requirePositive(`rates.${kind}`, rate, ['count', 'perMs'])
  }
  return { ...defaults, ...rates }
}

/** @throws {TypeError | RangeError} unless it is one, or null */
export function checkLockOut(lockOut: LockOut | null = DEFAULT_LOCK_OUT): LockOut | null {
  if (lockOut !== null) requirePositive('lockOut', lockOut, ['failures', 'withinMs', 'lockedMs'])
  return lockOut
}

function requirePositive<Name extends string>(
  path: string,
  values: Readonly<Record<Name, number>>,
  names: Name[],
): void {
  if (typeof values !== 'object') throw new TypeError(`limits.${path} must be an object, or null for none`)
  for (const name of names) checkLimit(`${path}.${name}`, values[name])
}

/** The largest count: four times as many failures still fit the database's int. */
const COUNT_MAX = 2 ** 29
/** A hundred years: a date this far ahead is still valid. */
const MS_MAX = 100 * 365.25 * 24 * HOUR_MS

/**
 * @throws {RangeError} unless it is a positive integer, within {@link MS_MAX} for a time and {@link COUNT_MAX} for a
 * count
 */
export function checkLimit(name: string, value: number): void {
  const most = name.endsWith('Ms') ? MS_MAX : COUNT_MAX
  if (Number.isSafeInteger(value) && value > 0 && value <= most) return
  throw new RangeError(`limits.${name} must be a positive integer, at most ${most}`)
}
