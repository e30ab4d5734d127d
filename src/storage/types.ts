/** A value and the version that a later write must name. */
export interface StoredValue {
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
   * @throws {STORAGE_UNAVAILABLE} if the store cannot be read or what it holds is damaged
   */
  read(key: string): Promise<StoredValue | undefined>

  /**
   * Compare-and-set; durable when it resolves.
   *
   * @param key not empty, at most 256 UTF-16 code units
   * @param expectedVersion the version that this write replaces; null creates the key and never overwrites
   * @returns the new version
   * @throws {STORAGE_CONFLICT} if the stored version is another one; nothing has changed
   * @throws {STORAGE_FULL} if there is no room; nothing has changed
   * @throws {STORAGE_UNAVAILABLE} if the write could not be made durable: the key holds the old value or the new one
   */
  write(key: string, value: Uint8Array, expectedVersion: string | null): Promise<string>

  /**
   * Removes a key and its value; deleting what is absent is fine.
   *
   * @throws {STORAGE_CONFLICT} if a concurrent change kept the key from being removed
   * @throws {STORAGE_UNAVAILABLE} if the removal could not be made durable
   */
  delete(key: string): Promise<void>

  /** The keys that start with `prefix`, sorted by UTF-16 code units; all keys for the empty prefix. */
  list(prefix: string): Promise<string[]>
}
