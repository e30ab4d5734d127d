import { getGroup } from '../../curve/index.ts'
import type { Custodian } from '../../custodian/types.ts'
import { MpcError, isMpcError } from '../../errors.ts'
import { decodeWalletShares, encodeWalletSetRecord, encodeWalletShares, type WalletShares } from '../../share/index.ts'
import { combineRecords, peekWalletSetId, wipeKeyShare } from '../../share/index.ts'
import type { BackupMethodName } from '../../types.ts'
import { equalBytes, fromHex, toHex, wipe } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import type { SetRow } from '../sets/rows.ts'

/**
 * Hands the custodian its half of a new backup set and makes sure that it has it: what is read back is the same, and
 * opens as a valid share.
 *
 * @throws {WEBHOOK_FAILED} if it is not known to be there
 */
export async function handToCustodian(
  context: ServerContext,
  clientId: string,
  backupMethod: BackupMethodName,
  half: WalletShares,
): Promise<void> {
  const share = encodeWalletShares(getGroup, half)
  const setId = toHex(half.setId)
  try {
    await asking(() => custodian(context).store({ clientId, setId, backupMethod, share }))
    const kept = await asking(() => custodian(context).fetch(clientId, setId))
    try {
      if (!kept.some((candidate) => equalBytes(candidate, share))) {
        throw new MpcError('WEBHOOK_FAILED', 'the custodian does not give back what it was given')
      }
      // Decoding checks s·G = Y: what the custodian keeps will deal in a recovery.
      decodeWalletShares(getGroup, share).shares.forEach(wipeKeyShare)
    } finally {
      wipe(...kept)
    }
  } finally {
    wipe(share)
  }
}

/**
 * The custodian's half of a backup set, checked against the public record that the server kept; wiped by the caller.
 *
 * @throws {WEBHOOK_FAILED} if the custodian could not be asked
 * @throws {SHARE_NOT_FOUND} if it does not have the half
 * @throws {SHARE_PARSING_FAILED} if what it has under this set's id is not what it was given
 */
export async function fetchFromCustodian(context: ServerContext, set: SetRow): Promise<WalletShares> {
  const kept = await asking(() => custodian(context).fetch(set.clientId, set.setId))
  try {
    for (const candidate of kept) {
      const half = decodeNamed(candidate, set)
      if (half !== undefined) return half
    }
    throw new MpcError('SHARE_NOT_FOUND', 'the custodian has no share of this backup')
  } finally {
    wipe(...kept)
  }
}

function decodeNamed(candidate: Uint8Array, set: SetRow): WalletShares | undefined {
  let half: WalletShares
  try {
    // A custodian may give halves of many sets: only the one that says it is this set's costs curve arithmetic.
    if (!equalBytes(peekWalletSetId(candidate), fromHex(set.setId))) return undefined
    half = decodeWalletShares(getGroup, candidate)
  } catch {
    // Another backup's half, of a version that this server does not read or damaged: it is not the one asked for.
    return undefined
  }
  const record = encodeWalletSetRecord(getGroup, combineRecords(half.shares.map((share) => share.record)))
  if (equalBytes(record, set.record) && half.shares.every(({ id }) => id === 2)) return half
  half.shares.forEach(wipeKeyShare)
  throw new MpcError('SHARE_PARSING_FAILED', "the custodian's share does not match the record of this backup")
}

function custodian({ custodian }: ServerContext): Custodian {
  if (custodian !== undefined) return custodian
  throw new MpcError('WEBHOOK_FAILED', 'this server has no custodian', { retryable: false })
}

async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    if (isMpcError(cause)) throw cause
    throw new MpcError('WEBHOOK_FAILED', 'the custodian could not be asked', { cause })
  }
}
