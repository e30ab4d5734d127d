import type { HookOptions } from '../../service/hooks.ts'
import type { Curve } from '../../types.ts'

/** A client's request to export one private key, for the app to judge. */
export interface ExportAuthorization {
  /** The client that sent the request. */
  readonly clientId: string
  /** lower-case hex */
  readonly walletId: string
  /** The signing set whose server share would be handed out, in lower-case hex. */
  readonly setId: string
  /** The curve of the private key. */
  readonly curve: Curve
  /** Sent by the client, at most 4,096 UTF-16 code units: a one-time code, a signed statement or a token of the app. */
  readonly authorization: string
}

/**
 * Called when an export starts, after the policy. Anything but `true` denies the export and counts as a failure; so do
 * an exception and a timeout (`limits.hookMs`).
 *
 * It is called once per export, with the authorization, which is not stored. It allows this one export, to one
 * receiver, for the lifetime of the operation; before the share is released, the policy and the set's state are checked
 * again. If a client repeats the request, the hook is called again only if the server had not yet recorded that the
 * export started.
 */
export type AuthorizeExport = (request: ExportAuthorization, options: HookOptions) => boolean | Promise<boolean>
