import { hasServerStatus } from '../../wire/error-body.ts'
import { isBadRequest } from '../../service/http.ts'
import { isMpcError, isProtocolError } from '../../errors.ts'

/**
 * Whether the request was refused for its format or for the ids in it. These errors are thrown before any session
 * advances.
 */
export function isRejectedBeforeAdvance(error: unknown): boolean {
  return isBadRequest(error) || isMpcError(error, 'SET_MISMATCH')
}

/** Whether this failure ends the operation: a check of the protocol has failed. */
export function isFinal(error: unknown): boolean {
  return isProtocolError(error) || (hasServerStatus(error) && !error.retryable)
}

/** Whether the failure shows that the client does not hold its share. */
export function blamesClient(error: unknown): boolean {
  return isProtocolError(error) && error.blame.length > 0
}
