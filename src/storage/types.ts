/** A value and the version that a later write must name. */
export interface StoredValue {
  /** A copy of the stored bytes. */
  readonly value: Uint8Array
  /** Opaque; two writes never give the same version to the same key. */
  readonly version: string
}

/**
 * A device's share store: a small compare-and-set key-value store.
 *
 * Values are secrets. An implementation keeps them from other apps and users as well as its platform can, copies what
 * it is given and what it gives, and is proven by `reshare/storage/conformance`.
 */
export interface ShareStore {
  /**
   * Asked before any protocol message: can this store hold a share?
   *
   * @throws {STORAGE_FULL} if there is no room
   * @throws {STORAGE_UNAVAILABLE} if a write followed by a read would not give back what was written
   */
  probe(): Promise<void>

  /**
   * The value of a key, or undefined if the key is absent.
   *
   * @throws {SHARE_PARSING_FAILED} if what is stored under the key is damaged; other keys are none the worse for it
   * @throws {STORAGE_UNAVAILABLE} if the store cannot be read
   */
  read(key: string): Promise<StoredValue | undefined>

  /**
   * Compare-and-set; durable when it resolves.
   *
   * @param key not empty, at most 256 UTF-16 code units
   * @param expectedVersion the version that this write replaces; null creates the key and never overwrites
   * @returns the new version
   * @throws {STORAGE_CONFLICT} if the stored version is another one; nothing has changed
   * @throws {SHARE_PARSING_FAILED} or STORAGE_CONFLICT, where it is to create and what is there is damaged; nothing has
   * changed
   * @throws {STORAGE_FULL} if there is no room; nothing has changed
   * @throws {STORAGE_UNAVAILABLE} if the write could not be made durable: the key holds the old value or the new one
   */
  write(key: string, value: Uint8Array, expectedVersion: string | null): Promise<string>

  /**
   * Removes a key and its value, also a damaged one; deleting what is absent is fine.
   *
   * @throws {STORAGE_CONFLICT} if a concurrent change kept the key from being removed
   * @throws {STORAGE_UNAVAILABLE} if the removal could not be made durable
   */
  delete(key: string): Promise<void>

  /**
   * The keys that start with `prefix`, sorted by UTF-16 code units; all keys for the empty prefix. A key whose value is
   * damaged is one of them: who reads it hears of the damage.
   */
  list(prefix: string): Promise<string[]>
}
