import { int, readColumn } from '../../../service/database/rows.ts'
import { MpcError } from '../../../errors.ts'
import { wipeKeyShare, type WalletShares } from '../../../key-share/index.ts'
import { toHex } from '../../../util/bytes.ts'
import { runCombined } from '../../../service/database/combined.ts'
import type { ServerContext } from '../../context.ts'
import {
  custodianRecord,
  recordCustodianShare,
  scheduleShareDeletion,
  deletePendingShares,
} from '../../sets/custodian-shares.ts'
import { equalShares, openShare } from '../../sets/shares.ts'
import { storeWithCustodian } from '../../sets/custody.ts'
import { decisionQuery, findDecision } from '../decision.ts'
import type { MakeRequest, RoundInput } from '../round.ts'
import { backupMethodOf, newSets, storeNewSets } from './new-sets.ts'

/**
 * Stores the new shares durably as PREPARED and reads them back, before the messages that confirm them are sent. The server
 * share of a signing set goes into the database, share 2 of a backup set to the custodian. Of a backup set the server keeps
 * only the public record. May be repeated. A dry run prepares nothing.
 *
 * @throws {WEBHOOK_FAILED} if the custodian did not confirm that it has its share
 * @throws {PROTOCOL_ABORTED} if the operation was aborted in the meantime
 */
export async function prepareSets(
  context: ServerContext,
  input: RoundInput<MakeRequest>,
  sets: readonly WalletShares[],
): Promise<void> {
  const { request, clientId } = input
  if (request.kind === 'recover' && request.dryRun) return
  for (const set of sets) {
    if (set.purpose !== 'backup') continue
    await context.database.transaction(async (tx) => {
      const decided = decisionQuery(input)
      const row = await runCombined(tx, { decided, recorded: custodianRecord(input, toHex(set.setId)) })
      requireUndecided(readColumn(row, 'decided', int))
    })
    await storeWithCustodian(context, clientId, backupMethodOf(request), set)
  }
  try {
    await storePrepared(context, input, sets)
  } catch (error) {
    await deleteLateShares(context, input, sets).catch(context.onError)
    throw error
  }
}

async function storePrepared(
  context: ServerContext,
  input: RoundInput<MakeRequest>,
  sets: readonly WalletShares[],
): Promise<void> {
  const { clientId, auditHead } = input
  const made = newSets(context, input, sets, null)
  await context.database.transaction(async (tx) => {
    const { share, events, count } = await storeNewSets(tx, input, made, { decided: decisionQuery(input) })
    requireUndecided(count('decided'))
    const signing = sets.find(({ purpose }) => purpose === 'signing')
    if (signing !== undefined) verifyStored(context, clientId, signing, share)
    await context.audit.record(tx, clientId, events, auditHead)
  })
}

function requireUndecided(decided: number): void {
  if (decided > 0) throw new MpcError('PROTOCOL_ABORTED', 'the operation is over')
}

/** Deletes the share of an operation that was aborted meanwhile: it may have reached the custodian after its deletion. */
async function deleteLateShares(
  context: ServerContext,
  input: RoundInput<MakeRequest>,
  sets: readonly WalletShares[],
): Promise<void> {
  const { database } = context
  if ((await findDecision(database, input)) !== 'ABORT') return
  for (const set of sets) if (set.purpose === 'backup') await recordCustodianShare(database, input, toHex(set.setId))
  await scheduleShareDeletion(database, input)
  await deletePendingShares(context, input.clientId)
}

/** @param sealed the share that was read back */
function verifyStored(context: ServerContext, clientId: string, set: WalletShares, sealed: Uint8Array | null): void {
  // Decoding verifies s·G = Y.
  const stored = openShare(context, clientId, toHex(set.setId), sealed)
  try {
    if (!equalShares(stored, set)) throw new Error('the database does not give back the share that it was given')
  } finally {
    stored.shares.forEach(wipeKeyShare)
  }
}
