import type { BackupMethodName, Curve } from '../types.ts'
import type { SetStatus } from './operations.ts'

/** The most wallets that a page has: as many as fit a response if each has every set that it may have. */
export const WALLETS_PER_PAGE = 20

/** A backup of a wallet that recovers it now, unless the custodian has lost its share: the server does not ask. */
export interface WalletBackup {
  /** 32 bytes in lower-case hex */
  readonly setId: string
  /** What opens its cipherText. */
  readonly method: BackupMethodName
  /** ISO 8601, by the server's clock */
  readonly createdAt: string
  /**
   * When the app confirmed it (ISO 8601); null if it has not. An unconfirmed backup recovers too if its cipherText was
   * stored, and may be replaced by a newer one.
   */
  readonly confirmedAt: string | null
}

/** A wallet as listed by `GET /v1/wallets`. */
export interface WalletStatus {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** The key of each curve in lower-case hex: 33 bytes SEC 1 compressed, 32 bytes RFC 8032. */
  readonly publicKeys: Readonly<Record<Curve, string>>
  /** When it was generated (ISO 8601, by the server's clock). */
  readonly createdAt: string
  /** When a private key was first exported with a signing set of it (ISO 8601), else null. */
  readonly exportedAt: string | null
  /** When it was imported (ISO 8601): at least one of its keys was in one place before. Null if both were generated. */
  readonly importedAt: string | null
  /** The signing sets that have not ended, in the order in which they were made. */
  readonly signingSets: readonly SetStatus[]
  /** The backups that recover it, in the order in which they were made. */
  readonly backups: readonly WalletBackup[]
}

/** The response of `GET /v1/wallets`. */
export interface WalletPage {
  /** Oldest first. */
  readonly wallets: readonly WalletStatus[]
  /** The `after` of the next page; null if there is none. */
  readonly next: string | null
}
