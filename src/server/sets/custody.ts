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
 * Hands the custodian its half of a new backup set and makes sure that it has it: what is read back is the same, and
 * opens as a valid share.
 *
 * @throws {WEBHOOK_FAILED} if it is not known to be there
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
        throw new MpcError('WEBHOOK_FAILED', 'the custodian does not give back what it was given')
      }
      // Decoding checks s·G = Y: what the custodian keeps will deal in a recovery.
      decodeWalletShares(getGroup, share).shares.forEach(wipeKeyShare)
    })
  } finally {
    wipe(share)
  }
}

/**
 * What is read back is compared with what was given, whatever the custodian makes of its copy. That is wiped when the
 * custodian is done, however late: what is stored of wiped bytes is no half.
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
 * The custodian's half of a backup set, checked against the public record that the server kept; wiped by the caller.
 *
 * @throws {WEBHOOK_FAILED} if the custodian could not be asked
 * @throws {SHARE_NOT_FOUND} if it does not have the half
 * @throws {BACKUP_SUPERSEDED} if it was told to delete it, because a newer backup was confirmed since the caller looked
 * @throws {SHARE_PARSING_FAILED} if what it has under this set's id is not what it was given
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
      // Whoever can store halves under this name takes nothing away by it: the right one may be among the rest.
      hasMismatch = true
    }
    if (hasMismatch) {
      throw new MpcError('SHARE_PARSING_FAILED', "the custodian's share does not match the record of this backup")
    }
    throw new MpcError('SHARE_NOT_FOUND', 'the custodian has no share of this backup: make a new one')
  })
}

/** Gives `use` what the custodian has for a set, and wipes it. What are no bytes is left out. */
async function withStored<T>(
  context: ServerContext,
  { clientId, setId }: Pick<SetRow, 'clientId' | 'setId'>,
  use: (stored: readonly Uint8Array[]) => T,
): Promise<T> {
  const stored = await askCustodian(context, async (custodian, signal) => {
    const shares = shareListOf(await custodian.fetch(clientId, setId))
    // Nobody waits for them any more.
    if (signal.aborted) shares.forEach((share) => wipe(share))
    return shares
  })
  try {
    return use(stored)
  } finally {
    for (const candidate of stored) wipe(candidate)
  }
}

/** Far more than all halves of one client; an array may say that it is as long as no loop ends. */
const ENTRIES_MAX = 1_000_000

function shareListOf(result: unknown): Uint8Array[] {
  if (Array.isArray(result) && result.length <= ENTRIES_MAX) return result.filter(isBytes)
  throw new MpcError('WEBHOOK_FAILED', 'the custodian does not answer with a list of shares')
}

/** A half of the set; undefined for another's, or one that is damaged or of a version that this server does not read. */
function decodeMatching(candidate: Uint8Array, setId: string): WalletShares | undefined {
  try {
    // A custodian may give halves of many sets: only one that says it is this set's costs curve arithmetic.
    if (!equalBytes(peekWalletSetId(candidate), fromHex(setId))) return undefined
    return decodeWalletShares(getGroup, candidate)
  } catch (error) {
    if (isMpcError(error) && error.code === 'SHARE_PARSING_FAILED') return undefined
    throw error
  }
}
