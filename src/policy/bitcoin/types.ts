import type { BitcoinAddressType } from '../../adapters/bitcoin/address.ts'

/** An input of a transaction. */
export interface BitcoinInput {
  /** The id of the transaction whose output is spent, as explorers show it: 32 bytes in hex. */
  readonly txid: string
  /** The index of that output. */
  readonly index: number
  /** Below 0xfffffffe, the transaction can be replaced (BIP 125); 0xffffffff is final. */
  readonly sequence: number
  /** In satoshi; null if nothing proves it. */
  readonly amount: bigint | null
  /** The script of that output, in hex; null if nothing proves it. */
  readonly script: string | null
  /** Its address; null if it has none, or nothing proves it. */
  readonly address: string | null
  /** Whether it is an address of the key that signs. */
  readonly isOwn: boolean
}

/** An output of a transaction. */
export interface BitcoinOutputIntent {
  /** In satoshi. */
  readonly amount: bigint
  /** The script in hex. */
  readonly script: string
  /** The address; null if the script has none, as those of data. */
  readonly address: string | null
  /**
   * Whether it is an address of the key that signs: of P2WPKH, P2TR without scripts, nested P2WPKH or P2PKH. Change to another key
   * of the same wallet is not recognized.
   */
  readonly isOwn: boolean
}

/** One input of a Bitcoin transaction that is signed, and what its signature covers. */
export interface BitcoinIntent {
  /** Names the kind. */
  readonly kind: 'bitcoinTransaction'
  /** The digest in the request was computed from what is said here. */
  readonly verified: true
  /** The index of the input that is signed. */
  readonly input: number
  /** How the input is signed: P2TR by its key path. */
  readonly type: BitcoinAddressType
  /**
   * DEFAULT (0) and ALL (1) cover the whole transaction. The server decodes others only if it is told to: whoever gets such a
   * signature can change what it does not cover.
   */
  readonly sighashType: number
  /** The transaction's version. */
  readonly version: number
  /** The block or time before which it is not valid. */
  readonly lockTime: number
  /** The inputs; with ANYONECANPAY, only the one that is signed. */
  readonly inputs: readonly BitcoinInput[]
  /** The outputs; with NONE none, with SINGLE only the one with the index of the input. */
  readonly outputs: readonly BitcoinOutputIntent[]
  /**
   * In satoshi. Null if it is not proven: only a P2TR signature covers the amounts of other inputs, so with other types these
   * have to come with `nonWitnessUtxo`. Null too if the signature does not cover all inputs and outputs.
   */
  readonly fee: bigint | null
}

/** A message, signed by the key of an address (BIP 322). */
export interface BitcoinMessageIntent {
  /** Names the kind. */
  readonly kind: 'bitcoinMessage'
  /** The digest in the request was computed from what is said here. */
  readonly verified: true
  /** The type of the address. */
  readonly type: BitcoinAddressType
  /** The address of the key that signs. */
  readonly address: string
  /** The bytes in lower-case hex. */
  readonly data: string
  /** The message as text; null if it is not UTF-8. */
  readonly text: string | null
}
