import type { HookOptions } from '../service/hooks.ts'
import type { BackupMethodName, Curve } from '../types.ts'

/** A custodian's half of a backup set, on its way to the custodian. */
export interface CustodianBackup {
  readonly clientId: string
  /** The backup set that the half belongs to: 32 bytes in lower-case hex. */
  readonly setId: string
  readonly backupMethod: BackupMethodName
  /** `encodeWalletShares` of the custodian's half: secret. It stays the caller's, who wipes it. */
  readonly share: Uint8Array
}

/** The app's backend as the signing server sees it: it keeps the custodian's halves. */
export interface Custodian {
  /**
   * Keeps one half, besides all earlier ones; durable when it resolves, and harmless to repeat.
   *
   * @throws {WEBHOOK_FAILED} if it is not known to be durable
   */
  store(backup: CustodianBackup): Promise<void>

  /**
   * The halves that are kept for a client's backup set, as fresh copies. More than these, up to all of the client's, do
   * no harm but cost time.
   *
   * @throws {WEBHOOK_FAILED} if they could not be read
   */
  fetch(clientId: string, setId: string): Promise<readonly Uint8Array[]>

  /**
   * Removes the halves of a backup set that was aborted or superseded; harmless to repeat. A custodian without it keeps
   * them for ever.
   *
   * @throws {WEBHOOK_FAILED} if they are not known to be gone
   */
  delete?(clientId: string, setId: string): Promise<void>
}

/**
 * Who one of the app's users is, and the name under which the signing server knows the user's wallet: both by the rule of ids
 * (docs/reference/http-api.md#text).
 */
export interface CustodianUser {
  readonly userId: string
  readonly clientId: string
}

/** A user's request to get one private key out of a backup, as the app judges it. */
export interface BackupExportAuthorization {
  /** The backup set whose half would be handed out: 32 bytes in lower-case hex. */
  readonly setId: string
  readonly curve: Curve
  /** What the client sent along, at most 4,096 UTF-16 code units: a one-time code, a signed statement, a token of the app's own. */
  readonly authorization: string
}

/**
 * Asked when an export begins; anything but `true` denies it and counts as a failure, and so does what it throws, or no answer within `limits.hookMs`. It is
 * asked once for an export, with the authorisation, which is not kept; what it allows is one export, to one receiver, within five minutes.
 */
export type AuthorizeExport = (
  user: CustodianUser,
  request: BackupExportAuthorization,
  options: HookOptions,
) => boolean | Promise<boolean>
