import type {
  ActionOptions,
  IntentKind,
  MessageHash,
  PublicKeys,
  RecoverWalletOptions,
  ResumedWallet,
  SetLimits,
  SignatureScheme,
  Wallet,
} from '../index.ts'
import type { Described, Description } from './described.ts'
import type { ErrorFields } from './error-shape.ts'

/** Parameters as data: what is a function or a signal travels in messages of its own. */
export type Data<P> = Described<Omit<P, keyof ActionOptions | 'onProgress' | 'onFailed'>>

/** The parameters of `sign`, of every scheme. */
export interface SignData extends SignItemData {
  readonly walletId: string
}

/** The parameters of `signAll`. */
export interface SignAllData {
  readonly walletId: string
  readonly items: readonly SignItemData[]
}

/** The most items of a `signAll`. */
export const ITEMS_MAX = 64

/** What one signature is of. */
export interface SignItemData {
  readonly scheme: SignatureScheme
  readonly path?: string
  readonly message?: Uint8Array
  readonly digest?: Uint8Array
  readonly hash?: MessageHash
  readonly tapTweak?: Uint8Array
  readonly intent?: IntentData
}

/** What is signed, of every kind. */
export interface IntentData {
  readonly kind: IntentKind
  readonly data?: Uint8Array
  readonly input?: number
  readonly addressType?: string
}

/** The parameters of `recoverWallet`, with either input. */
export interface RecoverData extends Data<RecoverWalletOptions> {
  readonly cipherText?: string
  readonly backups?: Description
}

/** A signature of any scheme. */
export interface SignatureData {
  readonly signature: Uint8Array
  readonly publicKey: Uint8Array
  readonly setId: string
  readonly recovery?: 0 | 1
}

/** A backup that is not confirmed yet; `confirm` is added outside. */
export interface BackupData {
  readonly cipherText: string
  readonly setId: string
}

/** A recovered wallet, or one that a dry run found to be recoverable. */
export interface RecoveredData extends SetLimits {
  readonly id: string
  readonly setId?: string
  readonly publicKeys: PublicKeys
  readonly backup?: BackupData
}

/** A wallet that `listWallets` cannot list. */
export interface FailedWallet {
  readonly walletId: string
  readonly error: ErrorFields
}

/** A wallet that was resumed, of every outcome. */
export interface ResumedData {
  readonly walletId: string
  readonly outcome: ResumedWallet['outcome']
  readonly wallet?: Wallet
  readonly error?: ErrorFields
}
