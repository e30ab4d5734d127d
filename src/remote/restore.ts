import { isMpcError, MpcError } from '../errors.ts'
import { type ErrorDescription, restoreError } from '../util/error-description.ts'
import type { ErrorFields } from './error-shape.ts'

/**
 * The error of an action: the class and the data that it had in the other realm.
 *
 * @throws {MALFORMED_RESPONSE} if it lacks a field that its kind has
 */
export function restore(fields: ErrorFields): Error {
  const needed = NEEDED[fields.kind] ?? []
  if (needed.some((field) => fields[field] === undefined)) throw unexpectedResponse()
  return restoreError(fields as ErrorDescription, failed)
}

/** What errors of a kind have besides a message. */
const NEEDED: { readonly [K in ErrorDescription['kind']]?: readonly (keyof ErrorFields)[] } = {
  code: ['code', 'retryable'],
  protocol: ['reason', 'round', 'blame'],
}

/** As {@link restore}, for an error that has a code. */
export function restoreMpcError(fields: ErrorFields): MpcError {
  const error = restore(fields)
  if (isMpcError(error)) return error
  throw unexpectedResponse()
}

/** The error of what the host responds if it is not what it should be. */
export function unexpectedResponse(cause?: unknown): MpcError {
  return new MpcError('MALFORMED_RESPONSE', 'the host responds with something else', { cause })
}

/** What takes the place of an error that the host's log alone may have. */
function failed(): MpcError {
  return new MpcError(
    'REMOTE_FAILED',
    'the action failed in an unexpected way; whether it has taken effect is not known',
  )
}
