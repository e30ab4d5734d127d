import type { SolanaSignIn } from './sign-in.ts'

/** An account of a wallet of wallet-standard. */
export interface StandardAccount {
  /** The address in base 58. */
  readonly address: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** The chains of the wallet. */
  readonly chains: readonly `${string}:${string}`[]
  /** The features that take this account. */
  readonly features: readonly `${string}:${string}`[]
}

/** An icon: a data URL in base64. */
export type StandardIcon = `data:image/${'svg+xml' | 'webp' | 'png' | 'gif'};base64,${string}`

/** A transaction to sign, serialized with places for its signatures. */
export interface SignTransactionInput {
  /** The wallet's account: only its address is read. */
  readonly account: Pick<StandardAccount, 'address'>
  /** The transaction, serialized. */
  readonly transaction: Uint8Array
  /** One of the wallet's chains. */
  readonly chain?: `${string}:${string}`
  /** How it is to be sent; signing does not look at it. */
  readonly options?: object
}

/** A transaction to sign and to send. */
export interface SendTransactionInput extends SignTransactionInput {
  /** One of the wallet's chains. */
  readonly chain: `${string}:${string}`
}

/** A message to sign. */
export interface SignMessageInput {
  /** The wallet's account: only its address is read. */
  readonly account: Pick<StandardAccount, 'address'>
  /** The message, as it is signed. */
  readonly message: Uint8Array
}

/** A signed message. */
export interface SignedMessage {
  /** What was signed. */
  readonly signedMessage: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
  /** The scheme. */
  readonly signatureType: 'ed25519'
}

/** What a page asks to sign in to: the domain and the address default to those of the wallet. */
export type SignInInput = Partial<SolanaSignIn>

/** A sign-in. */
export interface SignedIn extends SignedMessage {
  /** The account that signed in. */
  readonly account: StandardAccount
}

/** The versions of transactions that the wallet signs. */
type TransactionVersions = readonly ('legacy' | 0)[]

/** The features of the wallet. */
export interface StandardFeatures {
  /** Shows the account. */
  readonly 'standard:connect': {
    readonly version: '1.0.0'
    readonly connect: (input?: {
      readonly silent?: boolean
    }) => Promise<{ readonly accounts: readonly StandardAccount[] }>
  }
  /** Hides the account. */
  readonly 'standard:disconnect': { readonly version: '1.0.0'; readonly disconnect: () => Promise<void> }
  /** Tells of changes of the accounts. */
  readonly 'standard:events': {
    readonly version: '1.0.0'
    readonly on: (event: 'change', listener: (properties: AccountsChange) => void) => () => void
  }
  /** Signs transactions. */
  readonly 'solana:signTransaction': {
    readonly version: '1.0.0'
    readonly supportedTransactionVersions: TransactionVersions
    readonly signTransaction: (
      ...inputs: readonly SignTransactionInput[]
    ) => Promise<readonly { readonly signedTransaction: Uint8Array }[]>
  }
  /** Signs and sends transactions; only of a wallet with `send`. */
  readonly 'solana:signAndSendTransaction'?: {
    readonly version: '1.0.0'
    readonly supportedTransactionVersions: TransactionVersions
    readonly signAndSendTransaction: (
      ...inputs: readonly SendTransactionInput[]
    ) => Promise<readonly { readonly signature: Uint8Array }[]>
  }
  /** Signs messages. */
  readonly 'solana:signMessage': {
    readonly version: '1.1.0'
    readonly signMessage: (...inputs: readonly SignMessageInput[]) => Promise<readonly SignedMessage[]>
  }
  /** Signs in. */
  readonly 'solana:signIn': {
    readonly version: '1.0.0'
    readonly signIn: (...inputs: readonly SignInInput[]) => Promise<readonly SignedIn[]>
  }
  readonly [name: `${string}:${string}`]: unknown
}

/** What has changed. */
export interface AccountsChange {
  /** The accounts that are shown now. */
  readonly accounts?: readonly StandardAccount[]
}

/** A wallet of wallet-standard. */
export interface SolanaWallet {
  /** Of the standard. */
  readonly version: '1.0.0'
  /** Shown to the user. */
  readonly name: string
  /** Shown to the user. */
  readonly icon: StandardIcon
  /** Such as `solana:mainnet`. */
  readonly chains: readonly `${string}:${string}`[]
  /** What the wallet can do. */
  readonly features: StandardFeatures
  /** The account, once a page has connected. */
  readonly accounts: readonly StandardAccount[]
}
