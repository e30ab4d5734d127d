import type { HookOptions } from '../service/hooks.ts'
import type { BackupMethodName, Curve } from '../types.ts'

/** A custodian share of a backup set, to be stored by the custodian. */
export interface CustodianBackup {
  readonly clientId: string
  /** The backup set that the share belongs to: 32 bytes in lower-case hex. */
  readonly setId: string
  readonly backupMethod: BackupMethodName
  /** `encodeWalletShares` of the custodian share: secret. The caller wipes it. */
  readonly share: Uint8Array
}

/** The app's backend as the signing server sees it: it stores the custodian shares. */
export interface Custodian {
  /**
   * Stores one share in addition to all earlier ones; durable when it resolves. May be repeated.
   *
   * @throws {WEBHOOK_FAILED} if it is not known to be durable
   */
  store(backup: CustodianBackup): Promise<void>

  /**
   * The shares stored for a client's backup set, as fresh copies. More than these, up to all of the client's, do
   * no harm but cost time.
   *
   * @throws {WEBHOOK_FAILED} if they could not be read
   */
  fetch(clientId: string, setId: string): Promise<readonly Uint8Array[]>

  /**
   * Deletes the shares of a backup set that was aborted or superseded. May be repeated. A custodian without it keeps
   * them for ever.
   *
   * @throws {WEBHOOK_FAILED} if they are not known to be gone
   */
  delete?(clientId: string, setId: string): Promise<void>
}

/**
 * Who one of the app's users is, and the name under which the signing server knows the user's wallet: both by the rule
 * of ids (docs/reference/http-api.md#text).
 */
export interface CustodianUser {
  readonly userId: string
  readonly clientId: string
}

/** A user's request to export one private key from a backup, for the app to judge. */
export interface BackupExportAuthorization {
  /** The backup set whose custodian share would be released: 32 bytes in lower-case hex. */
  readonly setId: string
  readonly curve: Curve
  /** Sent by the client, at most 4,096 UTF-16 code units: a one-time code, a signed statement or a token of the app. */
  readonly authorization: string
}

/**
 * Asked when an export begins; anything but `true` denies it and counts as a failure, and so does what it throws, or no
 * answer within `limits.hookMs`. It is asked once for an export, with the authorisation, which is not kept; what it
 * allows is one export, to one receiver, within five minutes.
 */
export type AuthorizeExport = (
  user: CustodianUser,
  request: BackupExportAuthorization,
  options: HookOptions,
) => boolean | Promise<boolean>
