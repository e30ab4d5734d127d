/** A lock of this device, such as `passkeyLock` and `secretLock`. */
export interface DeviceLock {
  /**
   * The secret that opens the store: at least 32 bytes. The user is asked, unless the lock is open. Calls at the same time
   * share one prompt.
   *
   * @returns bytes that are not all the same. The store copies them. A caller who wipes them has to know that it is a copy, as
   *   those of `passkeyLock` and `secretLock` are
   * @throws {STORAGE_UNAVAILABLE} if the user refuses, or the lock does not work here
   * @throws {SHARE_NOT_FOUND} if the secret is gone for good
   * @throws {ABORTED} if the signal is aborted; the prompt goes away, unless another call waits for it
   */
  unlock(options?: { readonly signal?: AbortSignal }): Promise<Uint8Array>
  /** Forgets the secret, and ends a prompt. */
  lock(): void
  /** Whether `unlock` gives the secret without asking. */
  isOpen(): boolean
  /**
   * Tests that the lock works on this device, by asking the user. It is open afterwards.
   *
   * @throws {STORAGE_UNAVAILABLE} if it does not; not retryable where it cannot
   */
  probe(options?: { readonly signal?: AbortSignal }): Promise<void>
}
