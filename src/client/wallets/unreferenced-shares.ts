import { MpcError, isMpcError } from '../../errors.ts'
import { toHex } from '../../util/bytes.ts'
import { otStateSetIds } from './ot-state-store.ts'
import { deleteShares, hasShares, shareSetIds } from './share-store.ts'
import type { Client } from '../types.ts'
import { listWalletIds, readWallet } from './wallet-store.ts'

const TOMBSTONES = 'discard/'

const tombstonesOf = (setId: string) => `${TOMBSTONES}${setId}/`

/**
 * Deletes the shares and ECDSA setups of sets that no wallet's record names: what a process left that ended between
 * storing a share and noting it, or between taking a set out of a record and deleting the rest of it. No message of such
 * a set has said that it is durable, so the server has not committed it, or this device has done with it.
 *
 * Another tab may be between the two writes now. Who deletes writes a claim first and then looks for the note; who
 * notes looks for claims, and then for the share, after it ({@link assertNotCollected}): at least one of them sees the other.
 * A claim has a name of its own, so that nobody lifts another's, and goes only after the share.
 *
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL | STORAGE_CONFLICT} if the store does not allow it now
 */
export async function deleteUnreferencedShares(client: Client): Promise<void> {
  const stored = [...(await shareSetIds(client)), ...(await otStateSetIds(client))]
  for (const setId of await withoutRecord(client, stored)) {
    const claim = tombstonesOf(setId) + toHex(client.random(16))
    await client.storage.write(claim, new Uint8Array([1]), null)
    if ((await withoutRecord(client, [setId])).size > 0) await deleteShares(client, setId)
    await client.storage.delete(claim)
  }
  await clearTombstones(client)
}

/**
 * Makes sure, after a set was noted, that nobody takes its share for an orphan.
 *
 * @throws {OPERATION_IN_PROGRESS} if somebody may have
 */
export async function assertNotCollected(client: Client, setId: string): Promise<void> {
  const claims = await client.storage.list(tombstonesOf(setId))
  if (claims.length === 0 && (await hasShares(client, setId))) return
  throw new MpcError('OPERATION_IN_PROGRESS', 'another tab took the new share for a leftover; start again')
}

/** Claims of processes that ended: where the share is gone they have nothing left to say. */
async function clearTombstones(client: Client): Promise<void> {
  for (const claim of await client.storage.list(TOMBSTONES)) {
    const setId = claim.slice(TOMBSTONES.length).split('/')[0]!
    if (!(await hasShares(client, setId))) await client.storage.delete(claim)
  }
}

/** Those of the sets that no record names; none if a record cannot be read, which might name any. */
async function withoutRecord(client: Client, setIds: readonly string[]): Promise<Set<string>> {
  const orphans = new Set(setIds)
  for (const walletId of await listWalletIds(client)) {
    try {
      const record = await readWallet(client, walletId)
      record?.sets.forEach(({ setId }) => orphans.delete(setId))
    } catch (error) {
      if (isMpcError(error)) return new Set()
      throw error
    }
  }
  return orphans
}
