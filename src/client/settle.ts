import { MpcError } from '../errors.ts'
import { postAbort } from './calls.ts'
import type { Deadline } from './deadline.ts'
import { deleteRetired, proveSet } from './prove.ts'
import { discardSets } from './share-store.ts'
import type { Client } from './types.ts'
import { withActivated, type LocalSet, type WalletRecord } from './wallet-record.ts'
import { changeKnownWallet, readWallet } from './wallet-store.ts'

/**
 * Finishes or undoes what an earlier operation on this device left open, then gives the wallet's record.
 *
 * A set that is PREPARED here waits for a decision that this device has not heard. The server is asked, which settles
 * it for ever: on COMMIT the set comes into use, on ABORT it is discarded. Without an answer it stays PREPARED and the
 * set before it stays in use.
 *
 * @returns undefined if this device does not know the wallet
 * @throws {NETWORK_ERROR | TIMEOUT} without an answer, if no other set is in use
 * @throws {SET_RETIRED} if the set in use has ended before it was proven
 * @throws {SHARE_PARSING_FAILED} if what this device stores is damaged
 */
export async function settleWallet(
  client: Client,
  deadline: Deadline,
  walletId: string,
): Promise<WalletRecord | undefined> {
  let record = await deadline.race(readWallet(client, walletId))
  if (record === undefined) return undefined
  record = await deleteRetired(client, record)
  for (const set of record.sets) {
    if (client.operations.has(set.operationId)) continue
    try {
      record = await settleSet(client, deadline, record, set)
    } catch (error) {
      deadline.check()
      if (!canWait(record, set, error)) throw error
    }
  }
  return record
}

async function settleSet(
  client: Client,
  deadline: Deadline,
  record: WalletRecord,
  set: LocalSet,
): Promise<WalletRecord> {
  if (set.state !== 'PREPARED') return proveIfWaitedFor(client, deadline, record, set.setId)
  const { decision } = await postAbort(client, deadline, set.operationId)
  if (decision === 'ABORT') return discardSets(client, record.walletId, [set.setId])
  const activated = await activateSet(client, record.walletId, set.setId)
  return proveIfWaitedFor(client, deadline, activated, set.setId)
}

/** Proves a set that others wait for with their retirement. */
async function proveIfWaitedFor(
  client: Client,
  deadline: Deadline,
  record: WalletRecord,
  setId: string,
): Promise<WalletRecord> {
  const replaces = record.sets.find((set) => set.setId === setId)?.replaces ?? []
  return replaces.length === 0 ? record : proveSet(client, deadline, record, setId)
}

/** Puts a set into use that the server has committed. */
export async function activateSet(client: Client, walletId: string, setId: string): Promise<WalletRecord> {
  return changeKnownWallet(client, walletId, (record) => withActivated(record, setId))
}

/** Whether the wallet can be used as it is: what is wrong is not with the set in use, or will pass. */
function canWait(record: WalletRecord, set: LocalSet, error: unknown): boolean {
  if (!(error instanceof MpcError) || record.activeSetId === null) return false
  return set.setId !== record.activeSetId || error.code === 'NETWORK_ERROR' || error.code === 'TIMEOUT'
}
