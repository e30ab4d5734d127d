import type { OperationResult } from '../../../wire/operations.ts'
import { MpcError } from '../../../errors.ts'
import type { WalletShares } from '../../../key-share/index.ts'
import { toHex } from '../../../util/bytes.ts'
import type { AuditEvent } from '../../audit/entry.ts'
import { timestamp, type ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { endOldUnconfirmed, requireRoomForSet } from '../../sets/bounds.ts'
import { deletePreprocessingsOfWallet } from '../../sets/preprocessings.ts'
import { planRetirements } from '../../sets/retirements.ts'
import type { Completion, MakeRequest, RoundInput } from '../round.ts'
import { requireFreeWallet, requireSource } from '../source.ts'

/**
 * Decides an operation that makes sets: in one transaction the server's half becomes ACTIVE, what it will replace is
 * noted, and COMMIT is recorded. A backup set stays PREPARED until the app confirms that its cipherText is stored. A dry
 * run ends as an abort of what was never prepared.
 */
export function commitSets(
  context: ServerContext,
  input: RoundInput<MakeRequest>,
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
      if (request.kind !== 'generate') {
        await requireRoomForSet(context, tx, request, await requireSource(tx, input, request))
      }
      if (!dryRun) await commit(context, input, tx, [...ids.values()])
    },
  }
}

async function commit(
  context: ServerContext,
  { request, clientId, operationId, device }: RoundInput<MakeRequest>,
  tx: Queryable,
  setIds: readonly string[],
): Promise<void> {
  const now = timestamp(context)
  if (request.kind === 'generate') {
    await requireFreeWallet(tx, clientId, request.walletId)
    await tx.query('insert into reshare_wallets (wallet_id, client_id, created_at) values ($1, $2, $3)', [
      request.walletId,
      clientId,
      now,
    ])
  }
  // Someone recovers because a device may be in other hands: what it has prepared to sign with ends now.
  if (request.kind === 'recover') await deletePreprocessingsOfWallet(tx, clientId, request.walletId)
  const events: AuditEvent[] = []
  for (const setId of setIds) {
    const [set] = await tx.query(
      `update reshare_sets set committed_at = $4, state = case purpose when 'signing' then 'ACTIVE' else 'PREPARED' end
       where set_id = $1 and client_id = $2 and operation_id = $3 and state = 'PREPARED' and committed_at is null
       returning purpose`,
      [setId, clientId, operationId, now],
    )
    if (set === undefined) throw new MpcError('PROTOCOL_ABORTED', 'the prepared set is gone')
    const signing = set['purpose'] === 'signing'
    const { walletId, kind: detail } = request
    events.push({ event: signing ? 'activated' : 'committed', walletId, setId, operationId, detail })
    if (signing) events.push(...(await planRetirements(tx, { request, clientId, setId })))
    else events.push(...(await endOldUnconfirmed(context, tx, { clientId, walletId, device, setId })))
  }
  await context.audit.record(tx, clientId, events)
}
