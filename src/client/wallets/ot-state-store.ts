import { sha256 } from '@noble/hashes/sha2.js'
import { MpcError, isMpcError } from '../../errors.ts'
import { OtState } from '../../protocol/ecdsa/ot/ot-state.ts'
import { bindOtState, type PairSetup } from '../../protocol/ecdsa/setup/create-setup.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { concatBytes, equalBytes, toHex, wipe } from '../../util/bytes.ts'
import { withDeadline } from '../deadline.ts'
import { readToReplace } from './read-to-replace.ts'
import type { Client } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

const DIGEST_LENGTH = 32

/** Attempts to write that a pair is poisoned against other tabs that write it too. */
const BAN_ATTEMPTS = 16

/** How long that may take: it is written even if the action's time is over. */
const BAN_MS = 10_000

const PREFIX = 'ot/'

const pairKey = (setId: string) => PREFIX + setId

/** The ECDSA setup with the server that this device stores for a set. */
export interface StoredOtState {
  readonly pair: OtState
  readonly version: string
}

/**
 * What this device stores of a set's ECDSA setup; undefined if nothing. The pair is the caller's to dispose of.
 *
 * @throws {SHARE_PARSING_FAILED} if it is damaged: it may have been poisoned, so nothing takes its place
 * @throws {SET_MISMATCH} if it is the setup of another set
 */
export async function readOtState(client: Client, shares: WalletShares): Promise<StoredOtState | undefined> {
  const setId = toHex(shares.setId)
  const stored = await client.storage.read(pairKey(setId))
  if (stored === undefined) return undefined
  const { version, value } = stored
  try {
    const pair = decodeRow(value)
    const { id, record } = shareOn(shares, 'secp256k1')
    if (pair.self !== id || !equalBytes(pair.setId, record.setId)) {
      pair.dispose()
      throw new MpcError('SET_MISMATCH', 'this device stores the ECDSA setup of another set under this id')
    }
    const ban = client.bans.get(setId)
    if (ban?.cheat === undefined || pair.cheat !== undefined) return { pair, version }
    // The store would not take it when it happened.
    pair.poison(ban.cheat)
    await storeBan(client, setId, ban)
    return { pair, version }
  } finally {
    wipe(value)
  }
}

/**
 * Binds a setup to its set, stores it durably and reads it back; its secrets are wiped here.
 *
 * @param expectedVersion what it replaces; null if nothing
 * @throws {STORAGE_CONFLICT} if another tab has stored one meanwhile
 * @throws {STORAGE_UNAVAILABLE} if the store gives back something else
 */
export async function storeSetup(
  client: Client,
  shares: WalletShares,
  setup: PairSetup,
  expectedVersion: string | null,
): Promise<void> {
  const pair = bindOtState(setup, shareOn(shares, 'secp256k1').record.setId)
  const key = pairKey(toHex(shares.setId))
  const row = encodeRow(pair)
  let readBack: Uint8Array | undefined
  try {
    await client.storage.write(key, row, expectedVersion)
    readBack = (await client.storage.read(key))?.value
    if (readBack === undefined || !equalBytes(readBack, row)) {
      throw new MpcError('STORAGE_UNAVAILABLE', 'the store did not give back the ECDSA setup that was written')
    }
  } finally {
    pair.dispose()
    wipe(row, readBack)
  }
}

/**
 * Writes for ever that the server has cheated in a set: over whatever other tabs have stored for it.
 *
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL | STORAGE_CONFLICT | TIMEOUT} if it could not be made durable; this client refuses
 * the set all the same
 */
export async function storeBan(client: Client, setId: string, poisoned: OtState): Promise<void> {
  client.bans.set(setId, poisoned)
  client.pool.drop(setId)
  const row = encodeRow(poisoned)
  await withDeadline(client, { timeoutMs: BAN_MS }, (_, client) => writeBan(client, setId, row))
}

async function writeBan(client: Client, setId: string, row: Uint8Array): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const stored = await readToReplace(client, pairKey(setId))
    wipe(stored?.value)
    try {
      await client.storage.write(pairKey(setId), row, stored?.version ?? null)
      return
    } catch (error) {
      const conflict = isMpcError(error, 'STORAGE_CONFLICT')
      if (!conflict || attempt === BAN_ATTEMPTS) throw error
    }
  }
}

/** The sets of which this device stores an ECDSA setup, whether or not a record names them. */
export async function otStateSetIds(client: Client): Promise<string[]> {
  return (await client.storage.list(PREFIX)).map((key) => key.slice(PREFIX.length))
}

/** Deletes a set's ECDSA setup, and the preprocessings that were made with it. */
export async function deleteOtState(client: Client, setId: string): Promise<void> {
  client.pool.drop(setId)
  await client.storage.delete(pairKey(setId))
}

/** `setup as OtState encodes it | SHA-256 of it [32]`: a damaged seed would look like a cheat of the server. */
function encodeRow(pair: OtState): Uint8Array {
  const bytes = pair.encode()
  try {
    return concatBytes(bytes, sha256(bytes))
  } finally {
    wipe(bytes)
  }
}

function decodeRow(row: Uint8Array): OtState {
  const bytes = row.subarray(0, -DIGEST_LENGTH)
  if (!equalBytes(sha256(bytes), row.subarray(-DIGEST_LENGTH))) {
    throw new MpcError('SHARE_PARSING_FAILED', 'the ECDSA setup in this store is damaged; refresh the shares')
  }
  return OtState.decode(bytes)
}
