import type { AuditEvent } from '../audit/entry.ts'
import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { Queryable, SqlValue } from '../../service/database/types.ts'
import { tables } from '../tables.ts'

const readEnded = rowDecoder(pick(tables.reshare_sets, 'set_id', 'wallet_id', 'purpose'))

/** Which unconfirmed backups end: SQL conditions on `reshare_sets`, in which `$1` is the client. */
export interface BackupSelection {
  /** The backups that end. */
  readonly backups: string
  /** The sets that stay, together with all sets that they were derived from. */
  readonly survivors: string
  readonly values: readonly SqlValue[]
}

/** The sets that ended with unconfirmed backups. */
export interface EndedSets {
  /** The ids of the signing sets that are retiring. */
  readonly retired: readonly string[]
  /** The events for the log. */
  readonly events: readonly AuditEvent[]
}

/** Includes superseded backups: sets may have been derived from them before. */
const UNCONFIRMED = `purpose = 'backup' and state <> 'ACTIVE' and confirmed_at is null and committed_at is not null`

/**
 * Ends unconfirmed backups and every set derived from them, on any device: whoever dealt a backup can recover from it.
 * Confirmed backups stay, and so do the sets derived from them.
 *
 * @param successor the set that replaces them, if there is one
 */
export async function endUnconfirmed(
  tx: Queryable,
  clientId: string,
  { backups, survivors, values }: BackupSelection,
  successor?: string,
): Promise<EndedSets> {
  const rows = await tx.query(
    `with recursive ancestors (set_id, source_set_id) as (
       select set_id, source_set_id from reshare_sets where client_id = $1 and (${survivors})
       union select older.set_id, older.source_set_id
       from reshare_sets older join ancestors on older.set_id = ancestors.source_set_id
     ), derived (set_id) as (
       select set_id from reshare_sets
       where client_id = $1 and ${UNCONFIRMED} and (${backups}) and set_id not in (select set_id from ancestors)
       union select made.set_id from reshare_sets made join derived on made.source_set_id = derived.set_id
       where made.client_id = $1 and not (made.purpose = 'backup' and (made.state = 'ACTIVE' or made.confirmed_at is not null))
     )
     update reshare_sets set state = case purpose when 'signing' then 'RETIRING' else 'DESTROYED' end
     where set_id in (select set_id from derived) and committed_at is not null
       and state = case purpose when 'signing' then 'ACTIVE' else 'PREPARED' end
     returning set_id, wallet_id, purpose`,
    [clientId, ...values],
  )
  const ended = rows.map(readEnded)
  const detail = successor === undefined ? {} : { detail: successor }
  return {
    retired: ended.filter(({ purpose }) => purpose === 'signing').map(({ setId }) => setId),
    events: ended.map(({ purpose, ...set }): AuditEvent => {
      return { ...set, event: purpose === 'signing' ? 'retiring' : 'destroyed', ...detail }
    }),
  }
}
