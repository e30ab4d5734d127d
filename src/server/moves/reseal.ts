import { bytes, int, readColumn, text } from '../../service/database/rows.ts'
import type { Row } from '../../service/database/types.ts'
import { wipe } from '../../util/bytes.ts'
import type { SealContext, Sealer } from '../../util/seal.ts'
import { approvalContext } from '../approvals/approvals-table.ts'
import { otStateContext } from '../sets/ot-states.ts'
import { shareContext } from '../sets/shares.ts'

/** What a row of one database needs to be a row of another one. */
export interface Translation {
  readonly clientId: string
  readonly source: { readonly sealer: Sealer; readonly epoch: number }
  readonly target: { readonly sealer: Sealer; readonly epoch: number }
}

/** The row of a table at the target. Undefined for one that does not count any more: what an older epoch has left. */
export function translateRow(translation: Translation, table: string, row: Row): Row | undefined {
  const { clientId, source, target } = translation
  const setId = () => readColumn(row, 'set_id', text)
  if (table === 'reshare_shares') return resealed(translation, row, shareContext(clientId, setId()))
  if (table === 'reshare_ot_states') {
    const key = { clientId, setId: setId() }
    const epoch = readColumn(row, 'epoch', int)
    if (epoch !== source.epoch) return undefined
    // Only bans are left, and they are written to the log again.
    const at = [otStateContext(key, epoch), otStateContext(key, target.epoch)] as const
    return { ...resealed(translation, row, ...at), epoch: target.epoch, ban_logged: true }
  }
  if (table === 'reshare_approvals') {
    return resealed(translation, row, approvalContext({ clientId, approvalId: readColumn(row, 'approval_id', text) }))
  }
  if (table === 'reshare_operations') {
    const nothing = { request: null, state: null, lease_token: null, lease_hash: null, lease_expires_at: null }
    return { ...row, ...nothing, epoch: target.epoch }
  }
  // What is not delivered yet is delivered from there.
  if (table === 'reshare_events') return { ...row, queued: row['ended_at'] !== null }
  return row
}

function resealed({ source, target }: Translation, row: Row, before: SealContext, after: SealContext = before): Row {
  const plaintext = source.sealer.open(before, readColumn(row, 'sealed', bytes))
  try {
    return { ...row, sealed: target.sealer.seal(after, plaintext) }
  } finally {
    wipe(plaintext)
  }
}
