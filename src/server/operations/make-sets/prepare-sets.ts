import { getGroup } from '../../../curve/index.ts'
import { MpcError } from '../../../errors.ts'
import { combineRecords, encodeWalletSetRecord, wipeKeyShare, type WalletShares } from '../../../key-share/index.ts'
import type { BackupMethodName } from '../../../types.ts'
import { toHex } from '../../../util/bytes.ts'
import type { AuditEvent } from '../../audit/entry.ts'
import { timestamp, type ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { recordDevice } from '../../devices/devices-table.ts'
import { recordCustodianShare, scheduleShareDeletion, deletePendingShares } from '../../sets/custodian-shares.ts'
import { insertSet } from '../../sets/sets-table.ts'
import { equalShares, insertShare, readShare } from '../../sets/shares.ts'
import { storeWithCustodian } from '../../sets/custody.ts'
import type { MakeRequest, RoundInput } from '../round.ts'
import { findDecision } from '../decision.ts'

/**
 * Stores the new shares durably as PREPARED and reads them back, before the messages that confirm them. The server
 * share goes to the database, that of a backup set to the custodian; of the latter the server keeps only the public
 * record. May be repeated. A dry run prepares nothing.
 *
 * @throws {WEBHOOK_FAILED} if the custodian is not known to have its share
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
      await requireUndecided(tx, input)
      await recordCustodianShare(tx, input, toHex(set.setId))
    })
    await storeWithCustodian(context, clientId, backupMethodOf(request), set)
  }
  try {
    await insertPrepared(context, input, sets)
  } catch (error) {
    await deleteLateShares(context, input, sets).catch(context.onError)
    throw error
  }
  for (const set of sets) if (set.purpose === 'signing') await verifyStored(context, clientId, set)
}

async function insertPrepared(
  context: ServerContext,
  input: RoundInput<MakeRequest>,
  sets: readonly WalletShares[],
): Promise<void> {
  const { request, clientId, operationId, device } = input
  const createdAt = timestamp(context)
  await context.database.transaction(async (tx) => {
    await requireUndecided(tx, input)
    const events: AuditEvent[] = await recordDevice(context, tx, input)
    for (const set of sets) {
      const setId = toHex(set.setId)
      const backup = set.purpose === 'backup'
      const added = await insertSet(tx, {
        setId,
        clientId,
        walletId: request.walletId,
        operationId,
        purpose: set.purpose,
        label: backup || request.kind === 'backup' ? '' : request.label,
        backupMethod: backup ? backupMethodOf(request) : null,
        sourceSetId: request.kind === 'generate' ? null : request.setId,
        device,
        record: encodeWalletSetRecord(getGroup, combineRecords(set.shares.map(({ record }) => record))),
        createdAt,
      })
      if (!backup) await insertShare(context, tx, { clientId, setId }, set)
      const { walletId, kind: detail } = request
      if (added) events.push({ event: 'prepared', walletId, setId, operationId, detail })
    }
    await context.audit.record(tx, clientId, events)
  })
}

async function requireUndecided(tx: Queryable, input: RoundInput<MakeRequest>): Promise<void> {
  if ((await findDecision(tx, input)) !== undefined) throw new MpcError('PROTOCOL_ABORTED', 'the operation is over')
}

/** The operation was aborted while its half was on the way: it may have come after the abort had it removed. */
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

async function verifyStored(context: ServerContext, clientId: string, set: WalletShares): Promise<void> {
  // Decoding checks s·G = Y.
  const stored = await readShare(context, context.database, clientId, toHex(set.setId))
  try {
    if (!equalShares(stored, set)) throw new Error('the database does not give back the share that it was given')
  } finally {
    stored.shares.forEach(wipeKeyShare)
  }
}

function backupMethodOf(request: MakeRequest): BackupMethodName {
  if (request.kind === 'backup') return request.backupMethod
  if (request.kind === 'recover' && request.rotateBackup !== null) return request.rotateBackup
  throw new TypeError(`${request.kind} makes no backup set`)
}
