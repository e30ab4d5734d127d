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

/** The features of the wallet. */
export interface StandardFeatures {
  /** Shows the account. */
  readonly 'standard:connect': {
    /** Of the feature. */
    readonly version: '1.0.0'
    /** Asks whether the page may see the account; if `silent`, it asks nobody. */
    readonly connect: (input?: {
      /** Whether only an account is shown that the page may see already. */
      readonly silent?: boolean
    }) => Promise<{
      /** What the page may see. */
      readonly accounts: readonly StandardAccount[]
    }>
  }
  /** Hides the account. */
  readonly 'standard:disconnect': {
    /** Of the feature. */
    readonly version: '1.0.0'
    /** Hides the account. */
    readonly disconnect: () => Promise<void>
  }
  /** Tells of changes of the accounts. */
  readonly 'standard:events': {
    /** Of the feature. */
    readonly version: '1.0.0'
    /** Adds a listener. @returns removes it */
    readonly on: (event: 'change', listener: (properties: AccountsChange) => void) => () => void
  }
  /** Signs transactions. */
  readonly 'solana:signTransaction': {
    /** Of the feature. */
    readonly version: '1.0.0'
    /** What it signs. */
    readonly supportedTransactionVersions: readonly ('legacy' | 0)[]
    /** Signs each of them, in their order. */
    readonly signTransaction: (...inputs: readonly SignTransactionInput[]) => Promise<
      readonly {
        /** The transaction with the signature, serialized. */
        readonly signedTransaction: Uint8Array
      }[]
    >
  }
  /** Signs and sends transactions; only of a wallet with `send`. */
  readonly 'solana:signAndSendTransaction'?: {
    /** Of the feature. */
    readonly version: '1.0.0'
    /** What it signs. */
    readonly supportedTransactionVersions: readonly ('legacy' | 0)[]
    /** Signs and sends each of them, in their order. */
    readonly signAndSendTransaction: (...inputs: readonly SendTransactionInput[]) => Promise<
      readonly {
        /** The first signature of the transaction, which is its id: 64 bytes. */
        readonly signature: Uint8Array
      }[]
    >
  }
  /** Signs messages. */
  readonly 'solana:signMessage': {
    /** Of the feature. */
    readonly version: '1.1.0'
    /** Signs each of them, in their order. */
    readonly signMessage: (...inputs: readonly SignMessageInput[]) => Promise<readonly SignedMessage[]>
  }
  /** Signs in. */
  readonly 'solana:signIn': {
    /** Of the feature. */
    readonly version: '1.0.0'
    /** Signs each of them, in their order. */
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
