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
   * Whether it is an address of the key that signs: P2WPKH or P2TR without scripts. Change to another key of the same wallet is
   * not recognized.
   */
  readonly isOwn: boolean
}

/** One input of a Bitcoin transaction, signed for the whole transaction: P2WPKH, or P2TR by its key path. */
export interface BitcoinIntent {
  /** Names the kind. */
  readonly kind: 'bitcoinTransaction'
  /** The digest in the request was computed from what is said here. */
  readonly verified: true
  /** The index of the input that is signed. */
  readonly input: number
  /** How the input is signed. */
  readonly type: 'p2wpkh' | 'p2tr'
  /** The transaction's version. */
  readonly version: number
  /** The block or time before which it is not valid. */
  readonly lockTime: number
  /** The inputs. */
  readonly inputs: readonly BitcoinInput[]
  /** The outputs. */
  readonly outputs: readonly BitcoinOutputIntent[]
  /**
   * In satoshi. Null if it is not proven: a P2WPKH signature covers the amount of its own input only, so all other inputs have
   * to come with `nonWitnessUtxo`.
   */
  readonly fee: bigint | null
}
