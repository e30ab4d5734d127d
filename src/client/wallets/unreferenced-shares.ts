import { MpcError, isMpcError } from '../../errors.ts'
import { toHex } from '../../util/bytes.ts'
import { otStateSetIds } from './ot-state-rows.ts'
import { deleteShares, hasShares, shareSetIds } from './share-store.ts'
import type { Client } from '../types.ts'
import { listWalletIds, readWallet } from './wallet-store.ts'

const TOMBSTONES = 'discard/'

const tombstonesOf = (setId: string) => `${TOMBSTONES}${setId}/`

/**
 * Deletes the shares and ECDSA setups of sets that no wallet record names: leftovers of a process that ended between
 * storing a share and recording its set, or between removing a set from a record and deleting its share. Either no
 * message has confirmed such a set, so the server has not committed it, or this device no longer needs it.
 *
 * Another tab may be between those two writes. The deleting side writes a tombstone and then looks for a record; the
 * recording side writes the record and then looks for tombstones and its share ({@link assertNotCollected}). So at
 * least one of them sees the other. Each tombstone has a unique name, so that nobody removes another's, and it is
 * removed only after the share.
 *
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL | STORAGE_CONFLICT} if the store does not allow it now
 */
export async function deleteUnreferencedShares(client: Client): Promise<void> {
  const stored = [...(await shareSetIds(client)), ...(await otStateSetIds(client))]
  for (const setId of await findUnrecorded(client, stored)) {
    const tombstone = tombstonesOf(setId) + toHex(client.random(16))
    await client.storage.write(tombstone, new Uint8Array([1]), null)
    if ((await findUnrecorded(client, [setId])).size > 0) await deleteShares(client, setId)
    await client.storage.delete(tombstone)
  }
  await clearTombstones(client)
}

/**
 * Makes sure, once a set is recorded, that no other tab deletes its share as unreferenced.
 *
 * @throws {OPERATION_IN_PROGRESS} if another tab may have
 */
export async function assertNotCollected(client: Client, setId: string): Promise<void> {
  const tombstones = await client.storage.list(tombstonesOf(setId))
  if (tombstones.length === 0 && (await hasShares(client, setId))) return
  throw new MpcError('OPERATION_IN_PROGRESS', 'another tab took the new share for a leftover; start again')
}

/** Removes the tombstones of processes that have ended, whose shares are gone. */
async function clearTombstones(client: Client): Promise<void> {
  for (const tombstone of await client.storage.list(TOMBSTONES)) {
    const setId = tombstone.slice(TOMBSTONES.length).split('/')[0]!
    if (!(await hasShares(client, setId))) await client.storage.delete(tombstone)
  }
}

/** The sets that no record names; empty if a record cannot be read, because it might name any of them. */
async function findUnrecorded(client: Client, setIds: readonly string[]): Promise<Set<string>> {
  const unrecorded = new Set(setIds)
  for (const walletId of await listWalletIds(client)) {
    try {
      const record = await readWallet(client, walletId)
      record?.sets.forEach(({ setId }) => unrecorded.delete(setId))
    } catch (error) {
      if (isMpcError(error)) return new Set()
      throw error
    }
  }
  return unrecorded
}
