import type { BackupMethodName } from '../types.ts'

/** A custodian's half of a backup set, on its way to the custodian. */
export interface CustodianBackup {
  readonly clientId: string
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
   * Every half that is kept for a client, as fresh copies.
   *
   * @throws {WEBHOOK_FAILED} if they could not be read
   */
  fetch(clientId: string): Promise<readonly Uint8Array[]>
}

/** Who one of the app's users is, and the name under which the signing server knows the user's wallet. */
export interface CustodianUser {
  readonly userId: string
  readonly clientId: string
}
