import { fromHex, isHex } from '../util/bytes.ts'
import { isInstant, isScope, type SetLimits } from '../wire/set-limits.ts'

export { assertMethods, assertObject } from '../util/arguments.ts'

/** The longest delay of a platform timer. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1

/**
 * Asserts an id in lower-case hex.
 *
 * @throws {TypeError} if it is not a string
 * @throws {RangeError} if it is not lower-case hex of exactly `length` bytes
 */
export function hexId(value: unknown, length: number, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`)
  if (!isHex(value, length)) throw new RangeError(`${name} must be ${length} bytes in lower-case hex`)
  return value
}

/** @throws {TypeError | RangeError} as {@link hexId} for 16 bytes */
export function walletIdArgument(value: unknown): Uint8Array {
  return fromHex(hexId(value, 16, 'walletId'))
}

/** @throws {TypeError | RangeError} as {@link hexId} for 32 bytes */
export function setIdArgument(value: unknown): string {
  return hexId(value, 32, 'setId')
}

/** @throws {TypeError | RangeError} as {@link hexId} for 32 bytes */
export function deviceIdArgument(value: unknown): string {
  return hexId(value, 32, 'deviceId')
}

/** @throws {TypeError | RangeError} as {@link hexId} for 16 bytes */
export function approvalIdArgument(value: unknown): string {
  return hexId(value, 16, 'approvalId')
}

/**
 * Asserts the limits of a new set, and copies those that there are.
 *
 * @throws {TypeError} if one is not a string
 * @throws {RangeError} if it is not a scope, or not an instant as `Date.prototype.toISOString` writes it
 */
export function limitsArgument({ scope, expiresAt }: SetLimits): SetLimits {
  if (scope !== undefined && typeof scope !== 'string') throw new TypeError('scope must be a string')
  if (expiresAt !== undefined && typeof expiresAt !== 'string') throw new TypeError('expiresAt must be a string')
  if (scope !== undefined && !isScope(scope)) {
    throw new RangeError('scope must be 1 to 64 of a-z, 0-9, ".", "_" and "-", the first a letter or digit')
  }
  if (expiresAt !== undefined && !isInstant(expiresAt)) {
    throw new RangeError('expiresAt must be an instant as toISOString() writes it')
  }
  return { ...(scope !== undefined && { scope }), ...(expiresAt !== undefined && { expiresAt }) }
}

/**
 * Asserts one of a few strings.
 *
 * @throws {TypeError} if it is not one of them
 */
export function oneOf<T extends string>(value: unknown, choices: readonly T[], name: string): T {
  if (!choices.includes(value as T)) throw new TypeError(`${name} must be ${choices.join(' or ')}`)
  return value as T
}

/**
 * Asserts a boolean or undefined, which counts as false.
 *
 * @throws {TypeError} if it is anything else
 */
export function assertBoolean(value: unknown, name: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`${name} must be true or false`)
  return value === true
}

/**
 * Asserts a non-empty string.
 *
 * @throws {TypeError} if it is not a string
 * @throws {RangeError} if it is empty
 */
export function nonEmptyString(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`)
  if (value === '') throw new RangeError(`${name} must not be empty`)
  return value
}

/**
 * Asserts a whole number.
 *
 * @throws {TypeError} if it is not a number
 * @throws {RangeError} unless it is a whole number from `least` to `most`
 */
export function wholeNumber(value: unknown, least: number, most: number, name: string): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}`)
  }
  return value
}

/**
 * Asserts a timeout.
 *
 * @throws {TypeError} if it is not a number
 * @throws {RangeError} unless it is a whole number of milliseconds that a timer can wait
 */
export function timeout(value: unknown): number {
  return wholeNumber(value, 1, TIMEOUT_MAX_MS, 'timeoutMs')
}

/**
 * Asserts how long an action waits for an approval.
 *
 * @throws {TypeError} if it is not a number
 * @throws {RangeError} unless it is a whole number of milliseconds, from 0
 */
export function approvalWaitArgument(value: unknown): number {
  return wholeNumber(value, 0, Number.MAX_SAFE_INTEGER, 'waitForApprovalMs')
}

/**
 * Asserts a function or undefined.
 *
 * @throws {TypeError} if it is anything else
 */
export function assertFunction<T>(value: T, name: string): T {
  if (value !== undefined && typeof value !== 'function') throw new TypeError(`${name} must be a function`)
  return value
}
