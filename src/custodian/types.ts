import type { HookOptions } from '../service/hooks.ts'
import type { BackupMethodName, Curve } from '../types.ts'

/** A custodian share of a backup set, to be stored by the custodian. */
export interface CustodianBackup {
  /** The app's name for the client. */
  readonly clientId: string
  /** The backup set that the share belongs to: 32 bytes in lower-case hex. */
  readonly setId: string
  /** How the cipherText of this backup is opened. */
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

/** One of the app's users. Both ids follow the rule of ids (docs/reference/http-api.md#text). */
export interface CustodianUser {
  /** The app's id of the user. */
  readonly userId: string
  /** The user's client id at the signing server. */
  readonly clientId: string
}

/** A user's request to export one private key from a backup, for the app to judge. */
export interface BackupExportAuthorization {
  /** The backup set whose custodian share would be released: 32 bytes in lower-case hex. */
  readonly setId: string
  /** The curve of the private key. */
  readonly curve: Curve
  /** Sent by the client, at most 4,096 UTF-16 code units: a one-time code, a signed statement or a token of the app. */
  readonly authorization: string
}

/**
 * Called when an export starts. Anything but `true` denies the export and counts as a failure; so do an exception and a
 * timeout (`limits.hookMs`).
 *
 * It is called once per export, with the authorization, which is not stored. It allows this one export, to one receiver,
 * within five minutes.
 */
export type AuthorizeBackupExport = (
  user: CustodianUser,
  request: BackupExportAuthorization,
  options: HookOptions,
) => boolean | Promise<boolean>
