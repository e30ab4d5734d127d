import type { Identity, Recipient } from 'age-encryption'
import type { WalletShares } from '../share/types.ts'
import type { BackupMethodName } from '../types.ts'

/** What a backup method is told when its keys are asked for. */
export interface BackupKeyOptions {
  /** The wallet whose backup is sealed or opened. */
  readonly walletId: string
  /** Receives the share of the work that is done: from 0 to 1, never back. */
  readonly onProgress?: (fraction: number) => void
  readonly signal?: AbortSignal
}

/** What seals and opens a cipherText. Several methods may open the same one. */
export interface BackupMethod {
  readonly name: BackupMethodName

  /**
   * Asked before any protocol message: proves that the method can keep its key (write, read back, delete a probe).
   *
   * @throws {PASSWORD_REQUIRED} if a password method has none
   * @throws {STORAGE_UNAVAILABLE} if the place of the key cannot be written or read
   * @throws {ABORTED} if the signal was aborted
   */
  probe(options?: { readonly signal?: AbortSignal }): Promise<void>

  /** age recipients that seal: at least one. */
  recipients(options: BackupKeyOptions): Promise<readonly Recipient[]>

  /** age identities that open; none if the method's key is not there. */
  identities(options: BackupKeyOptions): Promise<readonly Identity[]>

  /**
   * Seals with this method's {@link recipients}. It stands on the method, so that whoever calls it (the client) need
   * not import what seals.
   *
   * @returns the cipherText: text that is safe to keep on any server
   */
  seal(shares: WalletShares, options: BackupKeyOptions): Promise<string>

  /**
   * Opens a cipherText with this method's {@link identities} and validates every share in it.
   *
   * @param options.walletId where given, the cipherText must be of this wallet
   * @throws {WRONG_PASSWORD} if the password of a password method does not open it
   * @throws {DECRYPT_FAILED} if this method cannot open it
   * @throws {BACKUP_CORRUPT} if it is damaged
   * @throws {BACKUP_OTHER_WALLET} if it is the backup of another wallet
   */
  open(cipherText: string, options: BackupOpenOptions): Promise<WalletShares>
}

/** As {@link BackupKeyOptions}, for a cipherText that says itself whose it is. */
export interface BackupOpenOptions extends Omit<BackupKeyOptions, 'walletId'> {
  readonly walletId?: string
}
