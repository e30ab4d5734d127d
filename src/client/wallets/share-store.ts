import { sha256 } from '../../symmetric/sha256.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import { decodeWalletShares, encodeWalletShares } from '../../key-share/index.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { concatBytes, equalBytes, toHex, wipe } from '../../util/bytes.ts'
import { deleteOtState } from './ot-state-rows.ts'
import type { Client } from '../types.ts'
import { withoutSets, withRetired, type WalletRecord } from './wallet-record.ts'
import { equalKeys, isClientOf, publicKeys, wipeShares } from '../wallet-shares.ts'
import { changeKnownWallet, readWallet, shareNotFound, walletKey } from './wallet-store.ts'

const DIGEST_LENGTH = 32

const PREFIX = 'share/'

const shareKey = (setId: string) => PREFIX + setId

/**
 * Stores shares durably and reads them back; a share is never overwritten.
 *
 * @throws {STORAGE_UNAVAILABLE} if the store returns something else
 */
export async function storeShares(client: Client, shares: WalletShares): Promise<void> {
  const key = shareKey(toHex(shares.setId))
  const row = encodeRow(client, shares)
  let readBack: Uint8Array | undefined
  try {
    await client.storage.write(key, row, null)
    readBack = (await client.storage.read(key))?.value
    if (readBack === undefined || !equalBytes(readBack, row)) {
      throw new MpcError('STORAGE_UNAVAILABLE', 'the store did not give back the share that was written')
    }
    wipeShares(decodeRow(client, readBack))
  } finally {
    wipe(row, readBack)
  }
}

/**
 * Loads and validates the shares of one of the wallet's sets: every s·G = Y, Σ λY = the wallet's public key.
 *
 * @throws {SHARE_NOT_FOUND} if this device holds none
 * @throws {SHARE_PARSING_FAILED} if what it holds is not a valid share
 * @throws {SET_MISMATCH} if the share belongs to another wallet or set
 */
export async function loadShares(client: Client, record: WalletRecord, setId: string): Promise<WalletShares> {
  const stored = await client.storage.read(shareKey(setId))
  if (stored === undefined) throw shareNotFound()
  let shares: WalletShares
  try {
    shares = decodeRow(client, stored.value)
  } finally {
    wipe(stored.value)
  }
  const ids = toHex(shares.setId) === setId && toHex(shares.walletId) === record.walletId
  if (ids && isClientOf(shares, 'signing') && equalKeys(publicKeys(client, shares), record.publicKeys)) return shares
  wipeShares(shares)
  throw new MpcError('SET_MISMATCH', 'this device stores the share of another wallet or set under this id')
}

/**
 * Has a locked store ask the user now, with all the time of the action. Otherwise a step with little time of its own might
 * ask first, and its prompt would go away with it.
 *
 * @throws {STORAGE_UNAVAILABLE} if the user refuses
 */
export async function unlockShares(client: Client, walletId: string): Promise<void> {
  if (client.storage.isLocked?.() !== true) return
  const setId = (await readWallet(client, walletId))?.activeSetId ?? null
  if (setId === null) return
  try {
    wipe((await client.storage.read(shareKey(setId)))?.value)
  } catch (error) {
    // Whether the set can be used is seen when its turn comes: another one may be in use by then.
    if (!isMpcError(error, 'SHARE_NOT_FOUND', 'SHARE_PARSING_FAILED')) throw error
  }
}

/** `wallet shares | SHA-256 of them [32]`: the algebra alone would not notice a damaged chain code. */
function encodeRow(client: Client, shares: WalletShares): Uint8Array {
  const bytes = encodeWalletShares(client.group, shares)
  try {
    return concatBytes(bytes, sha256(bytes))
  } finally {
    wipe(bytes)
  }
}

function decodeRow(client: Client, row: Uint8Array): WalletShares {
  const bytes = row.subarray(0, -DIGEST_LENGTH)
  if (!equalBytes(sha256(bytes), row.subarray(-DIGEST_LENGTH))) {
    throw new MpcError('SHARE_PARSING_FAILED', 'the share in this store is damaged; recover the wallet again')
  }
  return decodeWalletShares(client.group, bytes)
}

/**
 * Retires sets, deletes their shares, then removes them from the record; may be interrupted and repeated at any point.
 */
export async function deleteSets(client: Client, walletId: string, setIds: readonly string[]): Promise<WalletRecord> {
  await changeKnownWallet(client, walletId, (record) => withRetired(record, setIds))
  for (const setId of setIds) await deleteShares(client, setId)
  return changeKnownWallet(client, walletId, (record) => withoutSets(record, setIds))
}

/**
 * Undoes the preparation of a set, however far it got. Of a wallet that came with this set a record stays that says nothing:
 * to delete it could delete the set that another tab is recording.
 */
export async function deletePreparedSet(client: Client, walletId: string, setId: string): Promise<void> {
  await deleteShares(client, setId)
  if ((await readWallet(client, walletId)) === undefined) return
  await changeKnownWallet(client, walletId, (record) => withoutSets(record, [setId]))
}

/** Deletes the record and shares of a wallet whose generation failed. */
export async function forgetWallet(client: Client, walletId: string, setId: string): Promise<void> {
  await deleteShares(client, setId)
  await client.storage.delete(walletKey(walletId))
}

/** The sets of which this device stores a share, whether or not a record names them. */
export async function shareSetIds(client: Client): Promise<string[]> {
  return (await client.storage.list(PREFIX)).map((key) => key.slice(PREFIX.length))
}

/** Whether this device stores a share of a set. */
export async function hasShares(client: Client, setId: string): Promise<boolean> {
  return (await client.storage.list(shareKey(setId))).length > 0
}

/** Deletes a set's share and its ECDSA setup. */
export async function deleteShares(client: Client, setId: string): Promise<void> {
  await client.storage.delete(shareKey(setId))
  await deleteOtState(client, setId)
}
