import type { AbortReason, ErrorCode } from '../errors.ts'
import type { ErrorDescription } from '../util/error-description.ts'
import { flag, list, object, oneOf, optional, type Shape, text, whole } from './shape.ts'

/** The longest message of an error that crosses, in UTF-16 code units. */
export const ERROR_MESSAGE_MAX_LENGTH = 2000

/** Every field that an {@link ErrorDescription} of some kind has. */
export interface ErrorFields {
  readonly kind: ErrorDescription['kind']
  readonly message: string
  readonly code?: ErrorCode
  readonly retryable?: boolean
  readonly retryAfterMs?: number
  readonly reason?: AbortReason
  readonly round?: number
  readonly blame?: readonly number[]
}

/** An error of an action as data, without its cause. Codes may be those of a later version. */
export const errorFields: Shape<ErrorFields> = object<ErrorFields>({
  kind: oneOf(['protocol', 'code', 'type', 'range', 'unexpected']),
  message: text(ERROR_MESSAGE_MAX_LENGTH),
  code: optional(text(40)),
  retryable: optional(flag),
  retryAfterMs: optional(whole(0, Number.MAX_SAFE_INTEGER)),
  reason: optional(text(40)),
  round: optional(whole(0, 255)),
  blame: optional(list(whole(1, 255), 255)),
})
