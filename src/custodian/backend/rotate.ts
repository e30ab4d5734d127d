import { int, nullable, pick, readColumn, rowDecoder, time, type Decoded } from '../../service/database/rows.ts'
import type { Database } from '../../service/database/types.ts'
import { wipe } from '../../util/bytes.ts'
import type { Rotation } from '../../util/master-keys.ts'
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

/** A half as it was read, and what it becomes. */
interface Renamed {
  readonly clientId: string
  readonly setId: string
  readonly from: { readonly name: Uint8Array; readonly sealed: Uint8Array }
  readonly to: { readonly name: Uint8Array; readonly sealed: Uint8Array }
}

const BATCH = 100

/**
 * Names and seals the halves of other keys again, by the current one, a row at a time. It may end at any point and be
 * called again, by several processes and beside custodians that answer: each row changes only if it is still as it was
 * read. Nothing else of the custodian's is kept by the master key.
 */
export async function rotate(options: RotateOptions): Promise<Rotation> {
  const { database, sealer, onError } = options
  let resealed = 0
  let [lastClient, lastName]: [string, Uint8Array] = ['', new Uint8Array()]
  for (;;) {
    // A half that is given a new name may come up again, but not as one of another key.
    const rows = await database.query(
      `select client_id, share_id, set_id, sealed from reshare_custodian_shares
       where (client_id, share_id) > ($1, $2) and get_byte(sealed, 0) <> $3
       order by client_id, share_id limit ${BATCH}`,
      [lastClient, lastName, sealer.keyId],
    )
    const stored = rows.map(readStored)
    const last = stored.at(-1)
    if (last === undefined) break
    for (const row of stored) {
      try {
        if (await replace(database, rename(options, row))) resealed += 1
      } catch (error) {
        // A row that no key opens is told of, and holds up no other.
        onError(new Error(`failed to seal a half of backup set ${row.setId} again`, { cause: error }))
      }
    }
    lastClient = last.clientId
    lastName = last.shareId
  }
  return { resealed, remaining: await countRemaining(database, sealer.keyId) }
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
 * A custodian that did not know the other key may have stored the same half by its new name: that one goes, and this one,
 * which has just been opened, stays. Under another set's name it would not be the same half: then the key of the table
 * refuses the change, and nothing is lost. A row that has its new name already is no duplicate of itself.
 */
async function replace(database: Database, { clientId, setId, from, to }: Renamed): Promise<boolean> {
  return database.transaction(async (tx) => {
    // Before anything is removed: what has the new name may be this very half, when another process was first.
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

async function countRemaining(database: Database, keyId: number): Promise<number> {
  const [row] = await database.query(
    'select count(*)::int as remaining from reshare_custodian_shares where get_byte(sealed, 0) <> $1',
    [keyId],
  )
  return readColumn(row, 'remaining', int)
}
