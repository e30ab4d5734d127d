import { assertMethods } from '../util/arguments.ts'
import type { AgeRecipient, BackupKeys } from './types.ts'

/**
 * Asserts a backup method with its keys.
 *
 * @throws {TypeError} if it is none
 */
export function keysArgument(value: BackupKeys): BackupKeys {
  return assertMethods(value, ['probe', 'recipients', 'identities'], 'a backup method')
}

/**
 * Asserts a list of them.
 *
 * @throws {TypeError} if it is none
 */
export function keysArguments(values: readonly BackupKeys[]): readonly BackupKeys[] {
  if (!Array.isArray(values)) throw new TypeError('methods must be a list of backup methods')
  return values.map(keysArgument)
}

/**
 * Asserts what a method gives as its recipients.
 *
 * @throws {TypeError} if there is none
 */
export function recipientsArgument(value: readonly AgeRecipient[], name: string): readonly AgeRecipient[] {
  const given: unknown = value
  if (!Array.isArray(given) || given.length === 0) throw new TypeError(`the method ${name} gave no recipient`)
  return value
}
