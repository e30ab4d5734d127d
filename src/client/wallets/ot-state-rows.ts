import type { Client } from '../types.ts'

const PREFIX = 'ot/'

/** The key under which a set's ECDSA setup is stored. */
export const otStateKey = (setId: string) => PREFIX + setId

/** The sets of which this device stores an ECDSA setup, whether or not a record names them. */
export async function otStateSetIds(client: Client): Promise<string[]> {
  return (await client.storage.list(PREFIX)).map((key) => key.slice(PREFIX.length))
}

/**
 * Deletes a set's ECDSA setup, and the preprocessings that were made with it. A client without ECDSA does so too:
 * another client on this store may have made it.
 */
export async function deleteOtState(client: Client, setId: string): Promise<void> {
  client.ecdsa?.pool.drop(setId)
  await client.storage.delete(otStateKey(setId))
}
