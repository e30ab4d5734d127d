import type { BackupMethodName } from '../types.ts'
import type { BackupChoice } from './choices.ts'

/** What a backup method is told when it seals. */
export interface BackupKeyOptions {
  /** The wallet whose backup is sealed: 16 bytes in hex. */
  readonly walletId: string
  /** Receives the share of the work that is done: from 0 to 1, never back. */
  readonly onProgress?: (fraction: number) => void
  /** Aborts the work. */
  readonly signal?: AbortSignal
}

/** As {@link BackupKeyOptions}, for a cipherText that says itself whose it is. */
export interface BackupOpenOptions extends Omit<BackupKeyOptions, 'walletId'> {
  /** The wallet of the backup, if known: 16 bytes in hex. */
  readonly walletId?: string
}

/** What seals and opens a cipherText: what an action of the client asks for. */
export interface BackupMethod {
  /** The name under which the server and the custodian know the method. */
  readonly name: BackupMethodName

  /**
   * Set by `someOf`, and by `anyOf` with one among its methods: the keys that open a backup may be others than those for
   * which this method would seal.
   */
  readonly sharesKey?: boolean

  /**
   * Asked before any protocol message: proves that the method can keep its key (write, read back, delete a probe).
   *
   * @throws {PASSWORD_REQUIRED} if a password method has none
   * @throws {STORAGE_UNAVAILABLE} if the place of the key cannot be written or read
   * @throws {ABORTED} if the signal was aborted
   */
  probe(options?: {
    /** Aborts the probe. */
    readonly signal?: AbortSignal
  }): Promise<void>

  /**
   * Seals bytes. It stands on the method, so that whoever calls it (the client) need not import what seals. The caller
   * opens what was sealed before it relies on it.
   *
   * @param plaintext secret; the caller wipes it once this has ended
   * @returns the cipherText: text that is safe to keep on any server
   * @throws {PASSWORD_REQUIRED | STORAGE_UNAVAILABLE | ABORTED} as `probe`
   */
  seal(plaintext: Uint8Array, options: BackupKeyOptions): Promise<string>

  /**
   * Opens a cipherText. What the bytes are is the caller's to check.
   *
   * @param options.walletId where known, the wallet that the cipherText should be of
   * @returns what was sealed: secret, the caller wipes it
   * @throws {WRONG_PASSWORD} if the password of a password method does not open it
   * @throws {PASSWORD_REQUIRED} if it opens with a password only, and none was given
   * @throws {DECRYPT_FAILED} if this method cannot open it
   * @throws {BACKUP_PARTS_MISSING} if too few methods of a `someOf` open their parts
   * @throws {BACKUP_CORRUPT} if it is damaged
   * @throws {STORAGE_UNAVAILABLE} if the place of the key cannot be read, or a passkey was not used
   * @throws {OUT_OF_MEMORY} if there is no memory for the key of a password
   * @throws {ABORTED} if the signal was aborted
   */
  open(cipherText: string, options: BackupOpenOptions): Promise<Uint8Array>
}

/** A stanza of an age header: its arguments, of which the first is its type, and its body. */
export interface AgeStanza {
  /** Each without a space. */
  readonly args: string[]
  /** The body, decoded. */
  readonly body: Uint8Array
}

/** An age recipient that is code, such as a `Recipient` of age-encryption. */
export interface AgeRecipientCode {
  /** The recipient as text, if it has one. `someOf` takes the same one for one part only. */
  readonly text?: string
  /** Wraps a file key of 16 bytes for whoever has the identity. */
  wrapFileKey(fileKey: Uint8Array): AgeStanza[] | Promise<AgeStanza[]>
  /** Called if the file for which it has wrapped a key could not be sealed. */
  discard?(): void
}

/** An age identity that is code, such as an `Identity` of age-encryption. */
export interface AgeIdentityCode {
  /** Unwraps the file key of 16 bytes; null if no stanza is for this identity. */
  unwrapFileKey(stanzas: AgeStanza[]): Uint8Array | null | Promise<Uint8Array | null>
}

/** A `CryptoKey` of WebCrypto. */
export interface AgeCryptoKey {
  /** `private`. */
  readonly type: string
  /** Whether it can be exported; it need not be. */
  readonly extractable: boolean
  /** Of which the name is X25519. */
  readonly algorithm: {
    /** X25519. */
    readonly name: string
  }
  /** With `deriveBits`. */
  readonly usages: readonly string[]
}

/** An age recipient: its text (`age1…`), or code that wraps a file key. */
export type AgeRecipient = string | AgeRecipientCode

/** An age identity: its text (`AGE-SECRET-KEY-…`), a WebCrypto X25519 private key, or code that unwraps a file key. */
export type AgeIdentity = string | AgeCryptoKey | AgeIdentityCode

/** A stanza of an age header without its body: the type and its arguments. */
export type StanzaArguments = readonly string[]

/** What a method is told when its identities are asked for. */
export interface IdentityOptions extends BackupOpenOptions {
  /** The stanzas of the file to open, so that a method need not ask for a key that cannot fit. */
  readonly stanzas: readonly StanzaArguments[]
}

/** The keys of a backup method: what the author of a new one writes; `createBackupMethod` makes it a {@link BackupMethod}. */
export interface BackupKeys extends Pick<BackupMethod, 'name' | 'probe' | 'sharesKey'> {
  /** Set where the method has recipients only, so that what it seals opens elsewhere. */
  readonly sealsOnly?: boolean

  /** Set by `someOf`: how many of which methods open what this method seals. */
  readonly choice?: BackupChoice

  /**
   * Set where the method brings an open part of a `someOf` backup from elsewhere, as `guardianPart` does.
   *
   * @returns the record of the part: secret, the caller wipes it
   */
  readonly handedPart?: (options: {
    /** Aborts the work. */
    readonly signal?: AbortSignal
  }) => Promise<Uint8Array>

  /** age recipients that seal: at least one. */
  recipients(options: BackupKeyOptions): Promise<readonly AgeRecipient[]>

  /**
   * age identities that open; none if the method's key is not there or cannot fit.
   *
   * An identity throws WRONG_PASSWORD only if a stanza is for it and does not open.
   */
  identities(options: IdentityOptions): Promise<readonly AgeIdentity[]>
}

/** Reads and writes age files, for the keys that it understands. */
export interface AgeFiles {
  encrypt(
    plaintext: Uint8Array,
    recipients: readonly AgeRecipient[],
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array>
  /** @throws {unknown} what an identity throws, and something else if the file is damaged */
  decrypt(file: Uint8Array, identities: readonly AgeIdentity[]): Promise<Uint8Array>
}
