import { sha256 } from '../../symmetric/sha256.ts'
import { MpcError, isMpcError } from '../../errors.ts'
import { OtState } from '../../protocol/ecdsa/ot/ot-state.ts'
import { bindOtState, type PeerSetup } from '../../protocol/ecdsa/setup/create-setup.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { concatBytes, equalBytes, toHex, wipe } from '../../util/bytes.ts'
import { withDeadline } from '../deadline.ts'
import { otStateKey } from '../wallets/ot-state-rows.ts'
import { readToReplace } from '../wallets/read-to-replace.ts'
import type { Client, EcdsaClient } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

const DIGEST_LENGTH = 32

/** Attempts to store a poisoned state while other tabs write it too. */
const BAN_ATTEMPTS = 16

/** How long that may take: it is stored even after the action's deadline. */
const BAN_MS = 10_000

/** The ECDSA setup with the server that this device stores for a set. */
export interface StoredOtState {
  readonly otState: OtState
  readonly version: string
}

/**
 * Reads a set's ECDSA setup from this device's store; undefined if there is none. The caller disposes of it.
 *
 * @throws {SHARE_PARSING_FAILED} if it is damaged: it may have been poisoned, so it is not replaced
 * @throws {SET_MISMATCH} if it is the setup of another set
 */
export async function readOtState(client: EcdsaClient, shares: WalletShares): Promise<StoredOtState | undefined> {
  const setId = toHex(shares.setId)
  const stored = await client.storage.read(otStateKey(setId))
  if (stored === undefined) return undefined
  const { version, value } = stored
  try {
    const otState = decodeRow(value)
    const { id, record } = shareOn(shares, 'secp256k1')
    if (otState.self !== id || !equalBytes(otState.setId, record.setId)) {
      otState.dispose()
      throw new MpcError('SET_MISMATCH', 'this device stores the ECDSA setup of another set under this id')
    }
    const ban = client.ecdsa.bans.get(setId)
    if (ban?.cheat === undefined || otState.cheat !== undefined) return { otState, version }
    // It could not be stored when it happened.
    otState.poison(ban.cheat)
    await storeBan(client, setId, ban)
    return { otState, version }
  } finally {
    wipe(value)
  }
}

/**
 * Binds a setup to its set, stores it durably and reads it back. Wipes its secrets.
 *
 * @param expectedVersion the version that it replaces; null if there is none
 * @throws {STORAGE_CONFLICT} if another tab has stored one in the meantime
 * @throws {STORAGE_UNAVAILABLE} if the store returns something else
 */
export async function storeSetup(
  client: Pick<Client, 'storage'>,
  shares: WalletShares,
  setup: PeerSetup,
  expectedVersion: string | null,
): Promise<void> {
  const otState = bindOtState(setup, shareOn(shares, 'secp256k1').record.setId)
  const key = otStateKey(toHex(shares.setId))
  const row = encodeRow(otState)
  let readBack: Uint8Array | undefined
  try {
    await client.storage.write(key, row, expectedVersion)
    readBack = (await client.storage.read(key))?.value
    if (readBack === undefined || !equalBytes(readBack, row)) {
      throw new MpcError('STORAGE_UNAVAILABLE', 'the store did not give back the ECDSA setup that was written')
    }
  } finally {
    otState.dispose()
    wipe(row, readBack)
  }
}

/**
 * Stores permanently that the server has cheated with a set, over whatever other tabs have stored for it.
 *
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL | STORAGE_CONFLICT | TIMEOUT} if it could not be made durable; this
 * client still refuses the set
 */
export async function storeBan(client: EcdsaClient, setId: string, poisoned: OtState): Promise<void> {
  client.ecdsa.bans.set(setId, poisoned)
  client.ecdsa.pool.drop(setId)
  const row = encodeRow(poisoned)
  await withDeadline(client, { timeoutMs: BAN_MS }, (_, client) => writeBan(client, setId, row))
}

async function writeBan(client: Client, setId: string, row: Uint8Array): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const stored = await readToReplace(client, otStateKey(setId))
    wipe(stored?.value)
    try {
      await client.storage.write(otStateKey(setId), row, stored?.version ?? null)
      return
    } catch (error) {
      const conflict = isMpcError(error, 'STORAGE_CONFLICT')
      if (!conflict || attempt === BAN_ATTEMPTS) throw error
    }
  }
}

/** `encoded OtState | SHA-256 of it [32]`: a damaged seed would look as if the server had cheated. */
function encodeRow(otState: OtState): Uint8Array {
  const bytes = otState.encode()
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
