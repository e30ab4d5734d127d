import type { OperationRequest } from '../../wire/operations.ts'
import { MpcError } from '../../errors.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext } from '../context.ts'
import type { Statement } from '../../service/database/combined.ts'
import type { Queryable } from '../../service/database/types.ts'
import { scheduleDeletionOfDestroyed } from './custodian-shares.ts'
import { setIdsOf, type SetRow } from './sets-table.ts'

/** How many unconfirmed backups a wallet keeps of devices that no longer sign for it, all of them together. */
const ABANDONED_MAX = 256

/** The unconfirmed backups of wallet `$2` of client `$1`. */
const UNCONFIRMED = `client_id = $1 and wallet_id = $2 and purpose = 'backup' and state = 'PREPARED'
  and committed_at is not null`

/**
 * Limits the number of signing sets of a wallet, each of which may deal. A recovery from a confirmed backup that retires
 * the other sets is never refused, however many sets a thief has made. The limit of a refresh, which replaces one set, is
 * twice as high.
 *
 * @param source the set that deals
 * @returns how many ACTIVE signing sets keep a wallet from getting another by this operation; undefined for any number
 */
export function signingSetLimit(
  { limits }: Pick<ServerContext, 'limits'>,
  request: OperationRequest,
  source: Pick<SetRow, 'state'>,
): number | undefined {
  if (request.kind === 'refresh') return 2 * limits.signingSets
  if (request.kind === 'join') return limits.signingSets
  if (request.kind !== 'recover' || request.dryRun) return undefined
  if (request.existingSets === 'retire' && source.state === 'ACTIVE') return undefined
  return limits.signingSets
}

/** The ACTIVE signing sets of the wallet of a set, a row for each. */
export function signingSetsQuery({ clientId, walletId }: Pick<SetRow, 'clientId' | 'walletId'>): Statement {
  return {
    sql: `select 1 from reshare_sets
      where client_id = $1 and wallet_id = $2 and purpose = 'signing' and state = 'ACTIVE'`,
    parameters: [clientId, walletId],
  }
}

/**
 * @param source the set that deals, and the number of its wallet's ACTIVE signing sets if that is known
 * @throws {POLICY_DENIED} if a wallet has as many signing sets as {@link signingSetLimit} says
 */
export async function requireRoomForSet(
  context: Pick<ServerContext, 'limits'>,
  db: Queryable,
  request: OperationRequest,
  { set, signingSets }: { readonly set: SetRow; readonly signingSets?: number | null },
): Promise<void> {
  const limit = signingSetLimit(context, request, set)
  if (limit === undefined) return
  const { sql, parameters } = signingSetsQuery(set)
  if ((signingSets ?? (await db.query(sql, parameters)).length) >= limit) throw tooManySets()
}

export function tooManySets(): MpcError {
  const message = 'the wallet has too many signing sets: retire some, or recover from a confirmed backup and retire all'
  return new MpcError('POLICY_DENIED', message)
}

/**
 * Ends the oldest unconfirmed backups, beyond `limits.unconfirmedBackups`, of the device that has just made one. Each
 * device has its own number, so none uses up another's. The backups of devices that no longer sign for the wallet are
 * counted together. A sweep has the custodian delete its shares.
 *
 * @returns the events for the log
 */
export async function endOldUnconfirmed(
  { limits }: Pick<ServerContext, 'limits'>,
  tx: Queryable,
  newBackup: {
    readonly clientId: string
    readonly walletId: string
    readonly device: string | null
    readonly setId: string
  },
): Promise<AuditEvent[]> {
  const { clientId, walletId, device, setId } = newBackup
  const ended = await tx.query(
    `update reshare_sets set state = 'DESTROYED' where set_id in
       ((select set_id from reshare_sets where ${UNCONFIRMED} and device is not distinct from $3 and set_id <> $4
         order by ordinal desc offset $5)
        union all
        (select set_id from reshare_sets made where ${UNCONFIRMED} and device is distinct from $3 and not exists
           (select 1 from reshare_sets signing where signing.client_id = $1 and signing.wallet_id = $2
              and signing.purpose = 'signing' and signing.state = 'ACTIVE' and signing.device is not distinct from made.device)
         order by ordinal desc offset ${ABANDONED_MAX}))
     returning set_id, wallet_id`,
    [clientId, walletId, device, setId, limits.unconfirmedBackups - 1],
  )
  if (ended.length > 0) await scheduleDeletionOfDestroyed(tx, clientId)
  return ended.map((row): AuditEvent => ({ ...setIdsOf(row), event: 'destroyed', detail: setId }))
}
