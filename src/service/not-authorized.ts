import { MpcError } from '../errors.ts'

/** The one error for everything that is not the caller's: it does not reveal whether the thing exists. */
export function notAuthorized(): MpcError {
  return new MpcError('AUTH_FAILED', 'not authorized')
}
