import { isMpcError, MpcError } from '../../errors.ts'
import { wipeKeyShare } from '../../key-share/index.ts'
import type { ServerContext } from '../context.ts'
import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { Queryable } from '../../service/database/types.ts'
import { tables } from '../tables.ts'
import { fetchFromCustodian } from './custody.ts'
import { IS_UNLIMITED, requireSet, type SetRow } from './sets-table.ts'

const readWay = rowDecoder(pick(tables.reshare_sets, 'set_id', 'purpose'))

/** The sets of a wallet that are about to end: one signing set, or all those of a device. */
export type EndingSets = Pick<SetRow, 'clientId' | 'walletId'> &
  ({ readonly setId: string } | { readonly device: string })

/**
 * Checks that a set is left that is known to work (invariant I4): a proven signing set or a confirmed backup. Sets of
 * revoked devices do not count, since they are about to retire, and neither do limited sets: they end, or do not sign
 * everything, and no backup can be made of them.
 *
 * @throws {POLICY_DENIED} if nothing is left
 */
export async function assertRecoverable(tx: Queryable, ending: EndingSets): Promise<void> {
  if ((await findRecoverySets(tx, ending)).length > 0) return
  throw new MpcError('POLICY_DENIED', 'no other set of this wallet is known to work: confirm a backup first')
}

/**
 * To be called before the transaction of {@link assertRecoverable}: if only confirmed backups would be left, checks that
 * the custodian still has its share of at least one of them.
 *
 * @throws {POLICY_DENIED} if it has none
 * @throws {WEBHOOK_FAILED} if it could not be asked
 */
export async function assertBackupStored(context: ServerContext, ending: EndingSets): Promise<void> {
  const recoverySets = await findRecoverySets(context.database, ending)
  if (recoverySets.length === 0 || recoverySets.some(({ purpose }) => purpose === 'signing')) return
  let failure = new MpcError(
    'POLICY_DENIED',
    'the custodian has lost the backups of this wallet: confirm a new one first',
  )
  for (const { setId } of recoverySets) {
    try {
      await assertShareStored(context, await requireSet(context.database, ending.clientId, setId))
      return
    } catch (error) {
      if (!isMpcError(error)) throw error
      if (isMpcError(error, 'WEBHOOK_FAILED')) failure = error
    }
  }
  throw failure
}

/**
 * Checks that the custodian still has its share of a backup set, unchanged.
 *
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED} if it does not
 * @throws {WEBHOOK_FAILED} if it could not be asked
 */
export async function assertShareStored(context: ServerContext, set: SetRow): Promise<void> {
  const custodianShare = await fetchFromCustodian(context, set)
  custodianShare.shares.forEach(wipeKeyShare)
}

/** The sets that would be left, newest first: the custodian most likely has the newest backups. */
async function findRecoverySets(db: Queryable, ending: EndingSets): Promise<Pick<SetRow, 'setId' | 'purpose'>[]> {
  const [setId, device] = 'setId' in ending ? [ending.setId, null] : [null, ending.device]
  const rows = await db.query(
    `select set_id, purpose from reshare_sets other
     where client_id = $1 and wallet_id = $2 and state = 'ACTIVE' and set_id is distinct from $3
       and (purpose = 'backup' or proven_at is not null and ${IS_UNLIMITED} and ($4::text is null or device is distinct from $4)
         and not exists (select 1 from reshare_devices gone
           where gone.client_id = $1 and gone.device = other.device and gone.revoked_at is not null))
     order by ordinal desc`,
    [ending.clientId, ending.walletId, setId, device],
  )
  return rows.map(readWay)
}
