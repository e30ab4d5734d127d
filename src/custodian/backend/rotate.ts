import { nullable, pick, readColumn, rowDecoder, time, type Decoded } from '../../service/database/rows.ts'
import type { Database } from '../../service/database/types.ts'
import { wipe } from '../../util/bytes.ts'
import type { Rotation } from '../../util/master-keys.ts'
import { countOtherKeys, rowsOfOtherKeys, type SealedTable } from '../../service/other-keys.ts'
import type { Sealer } from '../../util/seal.ts'
import { custodianShareContext, type ShareNames } from './share-names.ts'
import { tables } from './tables.ts'

const columns = pick(tables.reshare_custodian_shares, 'client_id', 'share_id', 'set_id', 'sealed')
const readStored = rowDecoder(columns)

export interface RotateOptions {
  readonly database: Database
  readonly sealer: Sealer
  readonly namesOf: ShareNames
  readonly onError: (error: unknown) => void
}

/** A share as it was read, and as it will be stored. */
interface Renamed {
  readonly clientId: string
  readonly setId: string
  readonly from: { readonly name: Uint8Array; readonly sealed: Uint8Array }
  readonly to: { readonly name: Uint8Array; readonly sealed: Uint8Array }
}

const COLUMNS = Object.keys(columns).join(', ')
const SHARES: SealedTable = {
  table: 'reshare_custodian_shares',
  key: ['client_id', 'share_id'],
  sealed: ['sealed'],
}

/**
 * Renames and reseals the shares of other master keys with the current one, row by row. It can be interrupted and
 * repeated at any point, run in several processes, and run beside custodians that serve requests: a row changes only if
 * it is still as it was read. Nothing else that the custodian stores depends on the master key.
 */
export async function rotate(options: RotateOptions): Promise<Rotation> {
  const { database, sealer, onError } = options
  let resealed = 0
  // A renamed share may be selected again, but no longer as one of another key.
  for await (const stored of rowsOfOtherKeys(database, SHARES, sealer.keyId, COLUMNS)) {
    const row = readStored(stored)
    try {
      if (await replace(database, rename(options, row))) resealed += 1
    } catch (error) {
      // A row that no key opens is reported and skipped.
      onError(new Error(`failed to reseal a share of backup set ${row.setId}`, { cause: error }))
    }
  }
  return { resealed, remaining: await countOtherKeys(database, SHARES, sealer.keyId) }
}

function rename({ sealer, namesOf }: RotateOptions, stored: Decoded<typeof columns>): Renamed {
  const { clientId, setId } = stored
  const from = { name: stored.shareId, sealed: stored.sealed }
  const share = sealer.open(custodianShareContext(clientId, from.name), from.sealed)
  try {
    const [name] = namesOf(share)
    const to = { name, sealed: sealer.seal(custodianShareContext(clientId, name), share) }
    return { clientId, setId, from, to }
  } finally {
    wipe(share)
  }
}

/**
 * A custodian that did not have the other key may have stored the same share under its new name. That row is deleted, and
 * this one, which has just been opened, stays. If the row belongs to another set, it is not the same share: then the
 * table's primary key refuses the change, and nothing is lost. A row that already has its new name is not its own
 * duplicate.
 */
async function replace(database: Database, { clientId, setId, from, to }: Renamed): Promise<boolean> {
  return database.transaction(async (tx) => {
    // Checked before anything is deleted: if another process was first, the row with the new name is this share.
    const asRead = await tx.query(
      'select 1 from reshare_custodian_shares where client_id = $1 and share_id = $2 and sealed = $3',
      [clientId, from.name, from.sealed],
    )
    if (asRead.length === 0) return false
    const [duplicate] = await tx.query(
      `delete from reshare_custodian_shares where client_id = $1 and share_id = $2 and set_id = $3 and share_id <> $4
       returning exported_at`,
      [clientId, to.name, setId, from.name],
    )
    await tx.query(
      `update reshare_custodian_shares set share_id = $3, sealed = $4, exported_at = least(exported_at, $5)
       where client_id = $1 and share_id = $2`,
      [
        clientId,
        from.name,
        to.name,
        to.sealed,
        duplicate === undefined ? null : readColumn(duplicate, 'exported_at', nullable(time)),
      ],
    )
    return true
  })
}
