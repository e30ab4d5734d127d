/** A stored value and its version. */
export interface StoredValue {
  /** A copy of the stored bytes. */
  readonly value: Uint8Array
  /** An opaque string that a later write must pass as `expectedVersion`. Two writes of a key never have the same version. */
  readonly version: string
}

/** Options of a call that may have to wait for the user. */
export interface StoreCallOptions {
  /** Ends the prompt of a store that asks the user ({@link ShareStore.read}). Other stores may ignore it. */
  readonly signal?: AbortSignal
}

/**
 * A device's share store: a small key-value store with compare-and-set.
 *
 * Values are secrets. An implementation protects them from other apps and users as well as its platform allows. It copies
 * the values that it gets and returns. Test it with `reshare/storage/conformance`.
 */
export interface ShareStore {
  /**
   * Checks that the store can hold a share. Clients call it before any protocol message.
   *
   * @throws {STORAGE_FULL} if there is no space
   * @throws {STORAGE_UNAVAILABLE} if a read would not return what was written, or the user does not unlock the store
   */
  probe(options?: StoreCallOptions): Promise<void>

  /**
   * The value of a key, or undefined if the key is absent.
   *
   * @throws {SHARE_PARSING_FAILED} if the stored value is damaged. Other keys must not be affected.
   * @throws {SHARE_NOT_FOUND} if the value is sealed with a lock or key that is gone. It counts as absent: a write with
   * `expectedVersion` null stores a new value
   * @throws {STORAGE_UNAVAILABLE} if the store cannot be read, or the user does not unlock it
   * @throws {ABORTED} if the signal is aborted while the store asks the user
   */
  read(key: string, options?: StoreCallOptions): Promise<StoredValue | undefined>

  /**
   * Writes a value by compare-and-set. It is durable when the promise resolves.
   *
   * @param key 1 to 256 UTF-16 code units
   * @param expectedVersion the version that this write replaces, or null to create the key; null never overwrites
   * @returns the new version
   * @throws {STORAGE_CONFLICT} if the stored version is another one; nothing has changed
   * @throws {SHARE_PARSING_FAILED} or STORAGE_CONFLICT, if `expectedVersion` is null and the stored value is damaged; nothing
   * has changed
   * @throws {STORAGE_FULL} if there is no space; nothing has changed
   * @throws {STORAGE_UNAVAILABLE} if the write could not be made durable: the key has the old value or the new one. Or if
   * the user does not unlock the store; then nothing has changed
   */
  write(key: string, value: Uint8Array, expectedVersion: string | null, options?: StoreCallOptions): Promise<string>

  /**
   * Removes a key and its value, even a damaged one. Does nothing if the key is absent.
   *
   * @throws {STORAGE_CONFLICT} if concurrent writes prevented the removal
   * @throws {STORAGE_UNAVAILABLE} if the removal could not be made durable
   */
  delete(key: string): Promise<void>

  /**
   * The keys that start with `prefix`, sorted by UTF-16 code units. An empty prefix lists all keys. Keys with a damaged value
   * are listed too: reading them throws.
   */
  list(prefix: string): Promise<string[]>

  /**
   * Whether reading a secret would ask the user now. Actions that only show something then leave for later what needs a
   * secret. A store without it never asks.
   */
  isLocked?(): boolean
}
