import { MpcError } from '../../errors.ts'

/** How a call of a {@link CloudKeyStorage} may end early. */
export interface CloudKeyCallOptions {
  /** Aborts the call, which then rejects with ABORTED. A storage may ignore it. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Where a cloud key is kept: a folder in the user's own account, which the app reaches by the provider's API.
 *
 * Whatever it throws that has no code of this package becomes STORAGE_UNAVAILABLE.
 */
export interface CloudKeyStorage {
  /** Proves that a key can be kept: writes, reads back and deletes a probe. */
  probe(options?: CloudKeyCallOptions): Promise<void>
  /** The bytes under an id, or undefined if there are none. */
  read(id: string, options?: CloudKeyCallOptions): Promise<Uint8Array | undefined>
  /**
   * Durable when it resolves. Never overwrites.
   *
   * @param id 32 hexadecimal digits, fresh for every key
   * @param bytes a copy for the storage, which may keep it
   * @throws {STORAGE_CONFLICT} if the id exists
   */
  write(id: string, bytes: Uint8Array, options?: CloudKeyCallOptions): Promise<void>
  /** Deleting what is absent is fine. */
  delete(id: string, options?: CloudKeyCallOptions): Promise<void>
}

/** A cloud that lasts as long as the process: for tests and demonstrations. */
export function memoryCloudKey(): CloudKeyStorage {
  const keys = new Map<string, Uint8Array>()
  return {
    async probe() {},
    async read(id) {
      const bytes = keys.get(id)
      return bytes && new Uint8Array(bytes)
    },
    async write(id, bytes) {
      if (keys.has(id)) throw new MpcError('STORAGE_CONFLICT', 'there is a cloud key with this id')
      keys.set(id, new Uint8Array(bytes))
    },
    async delete(id) {
      keys.get(id)?.fill(0)
      keys.delete(id)
    },
  }
}
