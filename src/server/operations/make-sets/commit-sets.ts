import { WIRE_OPERATIONS } from '../../../wire/operation-definitions.ts'
import type { OperationResult } from '../../../wire/operations.ts'
import { MpcError } from '../../../errors.ts'
import type { WalletShares } from '../../../key-share/index.ts'
import { toHex } from '../../../util/bytes.ts'
import { runCombined, type Statement } from '../../../service/database/combined.ts'
import type { AuditEvent } from '../../audit/entry.ts'
import { timestamp, type ServerContext } from '../../context.ts'
import { int, readColumn } from '../../../service/database/rows.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { endOldUnconfirmed, signingSetLimit, signingSetsQuery, tooManySets } from '../../sets/bounds.ts'
import { preprocessingsDeletion } from '../../sets/preprocessings.ts'
import { planRetirements } from '../../sets/retirements.ts'
import { requireSource, requireUnbound } from '../source.ts'
import type { Completion, ReshareRequest, RoundInput } from '../round.ts'
import { assertNotExpired } from '../../sets/set-checks.ts'
import { notExpired } from '../../sets/sets-table.ts'
import { deviceOf, limitsOfNew } from './new-sets.ts'

/**
 * Decides an operation that makes sets from another. In one transaction the new signing set becomes ACTIVE, the retirements
 * that its proof will cause are recorded, and COMMIT is recorded. A backup set stays PREPARED until the app confirms that its
 * cipherText is stored. A dry run ends with ABORT.
 */
export function commitSets(
  context: ServerContext,
  input: RoundInput<ReshareRequest>,
  sets: readonly WalletShares[],
): Completion {
  const { request } = input
  const ids = new Map(sets.map(({ purpose, setId }) => [purpose, toHex(setId)]))
  const [signing, backup] = [ids.get('signing'), ids.get('backup')]
  const dryRun = request.kind === 'recover' && request.dryRun
  const result: OperationResult = {
    setId: (signing ?? backup) as string,
    state: signing === undefined || dryRun ? 'PREPARED' : 'ACTIVE',
    ...(signing !== undefined && backup !== undefined && { backupSetId: backup }),
  }
  return {
    decision: dryRun ? 'ABORT' : 'COMMIT',
    result,
    async apply(tx) {
      if (dryRun) await requireSource(context, tx, input, request)
      else await commit(context, tx, input, ids)
    },
  }
}

async function commit(
  context: ServerContext,
  tx: Queryable,
  input: RoundInput<ReshareRequest>,
  ids: ReadonlyMap<WalletShares['purpose'], string>,
): Promise<void> {
  const { request, clientId, operationId, device, auditHead } = input
  const { walletId, kind: detail } = request
  const [signing, backup] = [ids.get('signing'), ids.get('backup')]
  const source = input.source?.set ?? (await requireSource(context, tx, input, request))
  const limit = signingSetLimit(context, request, source)
  const row = await runCombined(tx, {
    committed: setsCommitting(input, [...ids.values()], timestamp(context)),
    // A recovery may mean that a device is in other hands: the preprocessings of the wallet end now.
    ...(request.kind === 'recover' && { ended: preprocessingsDeletion(clientId, walletId) }),
    ...(limit !== undefined && { signing_sets: signingSetsQuery(source) }),
  })
  if (row['committed'] !== ids.size) {
    await requireSource(context, tx, input, request)
    assertNotExpired(limitsOfNew(request, source), context.now())
    if (needsUnbound(input)) await requireUnbound(tx, { clientId, walletId })
  }
  if (limit !== undefined && readColumn(row, 'signing_sets', int) >= limit) throw tooManySets()
  if (row['committed'] !== ids.size) throw new MpcError('PROTOCOL_ABORTED', 'the prepared set is gone')
  const events: AuditEvent[] = []
  if (signing !== undefined) {
    events.push({ event: 'activated', walletId, setId: signing, operationId, detail })
    events.push(...(await planRetirements(tx, { request, clientId, setId: signing })))
  }
  if (backup !== undefined) {
    events.push({ event: 'committed', walletId, setId: backup, operationId, detail })
    events.push(...(await endOldUnconfirmed(context, tx, { clientId, walletId, device, setId: backup })))
  }
  await context.audit.record(tx, clientId, events, auditHead)
}

/**
 * Commits the prepared sets of an operation if its source can still deal, as `requireSource` checks, and no new set would
 * have ended by time: a successor of a limited set ends with it. Columns that never change were checked when the operation began.
 */
function setsCommitting(input: RoundInput<ReshareRequest>, setIds: readonly string[], now: Date): Statement {
  const { clientId, operationId, request } = input
  const deals = WIRE_OPERATIONS[request.kind].source === 'signing' ? SIGNING_SET_DEALS : BACKUP_SET_DEALS
  return {
    sql: `update reshare_sets set committed_at = $3, state = case purpose when 'signing' then 'ACTIVE' else 'PREPARED' end
      where client_id = $1 and operation_id = $2 and set_id in ($5, $6) and state = 'PREPARED' and committed_at is null
        and ${notExpired('$3')} and exists (select 1 from reshare_sets source where source.set_id = $4 and source.client_id = $1
          and ${deals}${needsUnbound(input) ? ` and ${NONE_IS_BOUND}` : ''})
      returning set_id`,
    parameters: [clientId, operationId, now, request.setId, setIds[0] ?? '', setIds[1] ?? ''],
  }
}

/** Whether no set of the wallet may be bound to a device: the operation adds a signing set that is bound to none. */
function needsUnbound(input: RoundInput<ReshareRequest>): boolean {
  const { kind } = input.request
  return (kind === 'recover' || kind === 'join') && deviceOf(input) === null
}

const SIGNING_SET_DEALS = `source.state = 'ACTIVE'`

const BACKUP_SET_DEALS = `source.state not in ('ABORTED', 'DESTROYED') and source.committed_at is not null`

const NONE_IS_BOUND = `not exists (select 1 from reshare_sets bound
  where bound.client_id = $1 and bound.wallet_id = source.wallet_id and bound.device is not null
    and bound.committed_at is not null)`
