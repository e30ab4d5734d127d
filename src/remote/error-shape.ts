import type { AbortReason, Approver, Denial, ErrorCode, RequiredApproval } from '../errors.ts'
import type { ErrorDescription } from '../util/error-description.ts'
import { flag, hex, list, object, oneOf, optional, orNull, type Shape, text, whole } from './shape.ts'

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
  readonly approval?: RequiredApproval
  readonly denial?: Denial
}

/** The fields of what a request waits for. */
export const requiredApproval = {
  approvalId: hex(16),
  approver: orNull(oneOf<Approver>(['any', 'device', 'operator'])),
  readyAt: orNull(text(40)),
  expiresAt: text(40),
  reason: text(200),
} as const

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
  approval: optional(object<RequiredApproval>(requiredApproval)),
  denial: optional(object<Denial>({ by: oneOf<Denial['by']>(['policy', 'sum', 'approver']), reason: text(200) })),
})
