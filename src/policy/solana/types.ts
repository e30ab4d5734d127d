import type { OffchainFields } from '../../adapters/solana/off-chain-fields.ts'
import type { SolanaSignIn } from '../../adapters/solana/sign-in.ts'

export type { SolanaSignIn }

/** A place in a lookup table. */
export interface SolanaLookup {
  /** The address of the table. */
  readonly table: string
  /** The index of the account in it. */
  readonly index: number
}

/** An account that an instruction names. */
export interface SolanaAccount {
  /** The address in base 58. Null for an account from a lookup table, which only the chain knows: it is not resolved. */
  readonly address: string | null
  /** The table of such an account, and its index in the table. Null for an account whose address the message has. */
  readonly lookup: SolanaLookup | null
  /** Whether its signature is required. */
  readonly isSigner: boolean
  /** Whether it may be changed. */
  readonly isWritable: boolean
}

/** An instruction, before its data is understood. */
export interface SolanaInstruction {
  /** The address of the program. */
  readonly program: string
  /** The accounts, in the order in which the program gets them. */
  readonly accounts: readonly SolanaAccount[]
  /** The data in lower-case hex. */
  readonly data: string
}

/** How long a transaction is valid: while its blockhash is recent, or until its nonce account advances. */
export type SolanaLifetime =
  | {
      /** The usual lifetime: about a minute. */
      readonly kind: 'blockhash'
      /** The blockhash in base 58. */
      readonly blockhash: string
    }
  | {
      /** A durable nonce: the transaction stays valid until somebody advances the account. */
      readonly kind: 'nonce'
      /** The nonce in base 58. */
      readonly nonce: string
      /** The nonce account; null if it is in a lookup table. */
      readonly account: string | null
    }

/** A transaction of Solana. */
export interface SolanaTransactionIntent {
  /** Names the kind. */
  readonly kind: 'solanaTransaction'
  /** What is said here is what is signed. */
  readonly verified: true
  /** The address of the key that signs, which is one of `signers`. */
  readonly signer: string
  /** The version of the message. */
  readonly version: 'legacy' | 0 | 1
  /** The account that pays the fee: the first of the signers. */
  readonly feePayer: string
  /** The accounts whose signatures are required. */
  readonly signers: readonly string[]
  /**
   * What version 1 pays for priority, in lamports. Null for other versions, which say so by instructions of the compute budget
   * program.
   */
  readonly priorityFee: bigint | null
  /** How long it is valid. */
  readonly lifetime: SolanaLifetime
  /** The instructions. What they call in turn is not known. */
  readonly instructions: readonly SolanaInstruction[]
  /** The lookup tables; without one, every account is known. */
  readonly lookupTables: readonly string[]
}

/** A message that is neither a transaction nor an off-chain message. */
export interface SolanaMessageIntent {
  /** Names the kind. */
  readonly kind: 'solanaMessage'
  /** What is said here is what is signed. */
  readonly verified: true
  /** The address of the key that signs. */
  readonly signer: string
  /** The bytes in lower-case hex. */
  readonly data: string
  /** The message as text; null if it is not UTF-8. */
  readonly text: string | null
  /** The fields of a sign-in; null for every other message. */
  readonly signIn: SolanaSignIn | null
}

/** An off-chain message: its preamble keeps its signature from being one of a transaction. */
export interface SolanaOffchainMessageIntent extends OffchainFields {
  /** Names the kind. */
  readonly kind: 'solanaOffchainMessage'
  /** What is said here is what is signed. */
  readonly verified: true
  /** The address of the key that signs, which is one of `signers`. */
  readonly signer: string
}

/** What is signed for Solana. */
export type SolanaIntent = SolanaTransactionIntent | SolanaMessageIntent | SolanaOffchainMessageIntent
