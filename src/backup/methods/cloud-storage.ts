import { MpcError } from '../../errors.ts'

/**
 * Where a cloud key is kept: a folder in the user's own account, which the app reaches by the provider's API.
 *
 * Whatever it throws that has no code of this package becomes STORAGE_UNAVAILABLE.
 */
export interface CloudKeyStorage {
  /** Proves that a key can be kept: writes, reads back and deletes a probe. */
  probe(): Promise<void>
  /** The bytes under an id, or undefined if there are none. */
  read(id: string): Promise<Uint8Array | undefined>
  /**
   * Durable when it resolves. Never overwrites.
   *
   * @param id 32 hexadecimal digits, fresh for every key
   * @throws {STORAGE_CONFLICT} if the id exists
   */
  write(id: string, bytes: Uint8Array): Promise<void>
  /** Deleting what is absent is fine. */
  delete(id: string): Promise<void>
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
