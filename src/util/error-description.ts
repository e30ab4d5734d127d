import {
  type AbortReason,
  type Denial,
  type ErrorCode,
  type RequiredApproval,
  MpcError,
  ProtocolError,
  isMpcError,
  isProtocolError,
} from '../errors.ts'
import { errorMessage, errorName } from './brand.ts'

/**
 * An error as plain data. An error that is neither of this package nor about an argument is `unexpected`, without its
 * message, which may contain anything.
 */
export type ErrorDescription =
  | { readonly kind: 'protocol'; reason: AbortReason; round: number; blame: readonly number[]; message: string }
  | {
      readonly kind: 'code'
      code: ErrorCode
      retryable: boolean
      message: string
      retryAfterMs?: number | undefined
      approval?: RequiredApproval | undefined
      denial?: Denial | undefined
    }
  | { readonly kind: 'type' | 'range'; message: string }
  | { readonly kind: 'unexpected' }

/** Turns an error into plain data. */
export function describeError(error: unknown): ErrorDescription {
  if (isProtocolError(error)) {
    const { reason, round, blame } = error
    return { kind: 'protocol', reason, round, blame, message: withoutSuffix(error) }
  }
  if (isMpcError(error)) {
    const { code, retryable, message, retryAfterMs, approval, denial } = error
    const wait = { ...(retryAfterMs !== undefined && { retryAfterMs }), ...(approval && { approval }) }
    return { kind: 'code', code, retryable, message, ...wait, ...(denial && { denial }) }
  }
  const name = errorName(error)
  const message = errorMessage(error) ?? ''
  if (name === 'RangeError') return { kind: 'range', message }
  if (name === 'TypeError') return { kind: 'type', message }
  return { kind: 'unexpected' }
}

/**
 * Turns plain data of {@link describeError} back into an error.
 *
 * @param unexpected makes the error that takes the place of one that was not described
 */
export function restoreError(description: ErrorDescription, unexpected: () => MpcError): Error {
  switch (description.kind) {
    case 'protocol':
      return new ProtocolError(description.reason, description.round, description.blame, description.message)
    case 'code': {
      const { code, message, retryable, retryAfterMs, approval, denial } = description
      return new MpcError(code, message, { retryable, retryAfterMs, approval, denial })
    }
    case 'range':
      return new RangeError(description.message)
    case 'type':
      return new TypeError(description.message)
    case 'unexpected':
      return unexpected()
  }
}

/** The message of a {@link ProtocolError} without reason and round, which its constructor adds. */
function withoutSuffix({ message, reason, round }: ProtocolError): string {
  return message.slice(0, -` (${reason}, round ${round})`.length)
}
