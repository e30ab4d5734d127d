import { getGroup } from '../../curve/index.ts'
import type { Custodian, CustodianBackup } from '../../custodian/types.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import {
  decodeWalletShares,
  encodeWalletSetRecord,
  encodeWalletShares,
  type WalletShares,
} from '../../key-share/index.ts'
import { combineRecords, peekWalletSetId, wipeKeyShare } from '../../key-share/index.ts'
import type { BackupMethodName } from '../../types.ts'
import { equalBytes, fromHex, isBytes, toHex, wipe } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import { askCustodian } from './ask-custodian.ts'
import { requireSet, type SetRow } from './sets-table.ts'
import { requireRecoverable } from './set-checks.ts'

/**
 * Stores the custodian share of a new backup set with the custodian, and verifies it: what is read back is the same, and
 * decodes as a valid share.
 *
 * @throws {WEBHOOK_FAILED} if the share is not known to be stored
 */
export async function storeWithCustodian(
  context: ServerContext,
  clientId: string,
  backupMethod: BackupMethodName,
  custodianShare: WalletShares,
): Promise<void> {
  const share = encodeWalletShares(getGroup, custodianShare)
  const setId = toHex(custodianShare.setId)
  try {
    await askCustodian(context, (custodian) => storeCopy(custodian, { clientId, setId, backupMethod, share }))
    await withStored(context, { clientId, setId }, (stored) => {
      if (!stored.some((candidate) => equalBytes(candidate, share))) {
        throw new MpcError('WEBHOOK_FAILED', 'the custodian does not return what was stored with it')
      }
      // Decoding checks s·G = Y: a recovery will deal from this share.
      decodeWalletShares(getGroup, share).shares.forEach(wipeKeyShare)
    })
  } finally {
    wipe(share)
  }
}

/**
 * Stores a copy, so that a custodian that changes its argument does not change the bytes that the stored share is compared
 * with. The copy is wiped only when the custodian is done, however late: wiping earlier could make it store zeros.
 */
async function storeCopy(custodian: Custodian, backup: CustodianBackup): Promise<void> {
  const share = backup.share.slice()
  try {
    await custodian.store({ ...backup, share })
  } finally {
    wipe(share)
  }
}

/**
 * Fetches the custodian share of a backup set and checks it against the set's public record; the caller wipes it.
 *
 * @throws {WEBHOOK_FAILED} if the custodian could not be asked
 * @throws {SHARE_NOT_FOUND} if the custodian does not have the share
 * @throws {BACKUP_SUPERSEDED} if the share was deleted because a newer backup was confirmed in the meantime
 * @throws {SHARE_PARSING_FAILED} if what the custodian has for this set is not what was stored
 */
export async function fetchFromCustodian(context: ServerContext, set: SetRow): Promise<WalletShares> {
  try {
    return await fetchMatching(context, set)
  } catch (error) {
    if (isMpcError(error, 'SHARE_NOT_FOUND')) {
      requireRecoverable(await requireSet(context.database, set.clientId, set.setId))
    }
    throw error
  }
}

async function fetchMatching(context: ServerContext, set: SetRow): Promise<WalletShares> {
  return withStored(context, set, (stored) => {
    let hasMismatch = false
    for (const candidate of stored) {
      const custodianShare = decodeMatching(candidate, set.setId)
      if (custodianShare === undefined) continue
      const record = encodeWalletSetRecord(getGroup, combineRecords(custodianShare.shares.map((share) => share.record)))
      if (equalBytes(record, set.record) && custodianShare.shares.every(({ id }) => id === 2)) return custodianShare
      custodianShare.shares.forEach(wipeKeyShare)
      // Someone else may have stored a share under this set's id, which must not hide the right one: go on searching.
      hasMismatch = true
    }
    if (hasMismatch) {
      throw new MpcError('SHARE_PARSING_FAILED', "the custodian's share does not match the record of this backup")
    }
    throw new MpcError('SHARE_NOT_FOUND', 'the custodian has no share of this backup: make a new one')
  })
}

/** Calls `use` with what the custodian has stored for a set, and wipes it afterwards. Entries that are not bytes are skipped. */
async function withStored<T>(
  context: ServerContext,
  { clientId, setId }: Pick<SetRow, 'clientId' | 'setId'>,
  use: (stored: readonly Uint8Array[]) => T,
): Promise<T> {
  const stored = await askCustodian(context, async (custodian, signal) => {
    const shares = shareListOf(await custodian.fetch(clientId, setId))
    // Nobody waits for the shares any more.
    if (signal.aborted) shares.forEach((share) => wipe(share))
    return shares
  })
  try {
    return use(stored)
  } finally {
    for (const candidate of stored) wipe(candidate)
  }
}

/** Far more than all shares of one client. Without a limit, an array with a forged length would make a loop endless. */
const ENTRIES_MAX = 1_000_000

function shareListOf(result: unknown): Uint8Array[] {
  if (Array.isArray(result) && result.length <= ENTRIES_MAX) return result.filter(isBytes)
  throw new MpcError('WEBHOOK_FAILED', 'the custodian did not return a list of shares')
}

/** A share of the set; undefined for another set's, or one that is damaged or of an unknown version. */
function decodeMatching(candidate: Uint8Array, setId: string): WalletShares | undefined {
  try {
    // A custodian may return shares of many sets. Only those with this set's id cost curve arithmetic.
    if (!equalBytes(peekWalletSetId(candidate), fromHex(setId))) return undefined
    return decodeWalletShares(getGroup, candidate)
  } catch (error) {
    if (isMpcError(error, 'SHARE_PARSING_FAILED')) return undefined
    throw error
  }
}
