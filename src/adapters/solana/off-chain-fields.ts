/** An off-chain message, decoded. */
export interface OffchainFields {
  /** The version of the format. */
  readonly version: 0 | 1
  /** Of version 0: 32 bytes in base 58 that stand for the application. Null in version 1. */
  readonly applicationDomain: string | null
  /**
   * Of version 0: `ascii` and `utf8` of at most 1,232 bytes, `longUtf8` of at most 65,535, which no hardware wallet signs. Null in
   * version 1, which is UTF-8.
   */
  readonly format: 'ascii' | 'utf8' | 'longUtf8' | null
  /** The addresses whose signatures are required. */
  readonly signers: readonly string[]
  /** The message. */
  readonly text: string
}
