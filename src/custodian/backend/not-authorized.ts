import { MpcError } from '../../errors.ts'

/** The one answer to whoever asks for what is not there, or not theirs. */
export function notAuthorized(): MpcError {
  return new MpcError('AUTH_FAILED', 'not authorized')
}
