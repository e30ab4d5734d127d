import type { HookOptions } from '../../service/hooks.ts'
import type { Curve } from '../../types.ts'

/** A client's request to get one private key out, as the app judges it. */
export interface ExportAuthorization {
  readonly clientId: string
  /** lower-case hex */
  readonly walletId: string
  /** The signing set whose server share would be handed out, in lower-case hex. */
  readonly setId: string
  readonly curve: Curve
  /** What the client sent along, at most 4,096 UTF-16 code units: a one-time code, a signed statement, a token of the app's own. */
  readonly authorization: string
}

/**
 * Asked when an export begins, after the policy; anything but `true` denies it and counts as a failure, and so does what it
 * throws, or no answer within `limits.hookMs`.
 *
 * It is asked once for an export, with the authorisation, which is not kept. What it allows is this one export, to one
 * receiver, for as long as an operation lives; before the share is released, the policy and the set's state are asked
 * again. A client that lost the first answer may send the same request again; the hook is asked again only where the server
 * had not come to note that it has begun.
 */
export type AuthorizeExport = (request: ExportAuthorization, options: HookOptions) => boolean | Promise<boolean>
