import type { AgeIdentityCode, AgeRecipientCode } from '../types.ts'

/**
 * A kind of age keys that are written as text. Every method understands X25519 (`age1…`, `AGE-SECRET-KEY-1…`); the option
 * `kind` of a method adds another one, such as `hybrid` of `reshare/backup/post-quantum`.
 */
export interface AgeKeyKind {
  /** The start of a recipient, in lower case, up to and with the first `1`. */
  readonly recipientPrefix: string
  /** The start of an identity, in upper case, up to and with its `1`. */
  readonly identityPrefix: string
  /** Makes an identity: text that its holder keeps secret. */
  generate(): string
  /**
   * The recipient of an identity.
   *
   * @throws {TypeError} if it is not an identity of this kind
   */
  toRecipient(identity: string): Promise<string>
  /**
   * Seals for a recipient.
   *
   * @throws {TypeError} if it is not a recipient of this kind
   */
  recipient(text: string): AgeRecipientCode
  /**
   * Opens with an identity.
   *
   * @throws {TypeError} if it is not an identity of this kind
   */
  identity(text: string): AgeIdentityCode
}
