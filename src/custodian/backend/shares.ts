import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import { fromBase64, toBase64, wipe } from '../../util/bytes.ts'
import type { Sealer } from '../../util/seal.ts'
import { deleteCipherTextsOf } from './cipher-texts.ts'
import { custodianShareContext, type ShareNames } from './share-names.ts'
import type { BackupBody, DeleteBody, FetchBody } from './requests.ts'
import { tables } from './tables.ts'

const readStored = rowDecoder(pick(tables.reshare_custodian_shares, 'share_id', 'sealed'))

/** The custodian's halves of a client's backup sets, sealed. */
export interface CustodianShares {
  /** Durable when it resolves; the same half again changes nothing. */
  store(backup: BackupBody): Promise<void>
  /** The halves of a client's backup set, or of all, oldest first, as base64. */
  fetch(which: FetchBody): Promise<string[]>
  /** Whether there is a half of this backup set. */
  has(db: Queryable, clientId: string, setId: string): Promise<boolean>
  /** Uses the encoded halves of a backup set, and wipes them. */
  open<T>(clientId: string, setId: string, use: (shares: readonly Uint8Array[]) => T): Promise<T>
  /** Notes that the halves of a backup set have been handed out; the first time stays. @returns whether there are any */
  markExported(tx: Queryable, clientId: string, setId: string): Promise<boolean>
  /** Removes the halves of a backup set, and the texts that they take with them; harmless to repeat. */
  delete(which: DeleteBody): Promise<void>
}

export function createShares(options: {
  readonly database: Database
  readonly sealer: Sealer
  readonly namesOf: ShareNames
  readonly now: () => number
}): CustodianShares {
  const { database, sealer, namesOf, now } = options
  const read = async (clientId: string, setId: string | null): Promise<Uint8Array[]> => {
    const rows = await database.query(
      `select share_id, sealed from reshare_custodian_shares
       where client_id = $1 and ($2::text is null or set_id = $2) order by ordinal`,
      [clientId, setId],
    )
    const shares: Uint8Array[] = []
    try {
      for (const { shareId, sealed } of rows.map(readStored)) {
        shares.push(sealer.open(custodianShareContext(clientId, shareId), sealed))
      }
      return shares
    } catch (error) {
      wipe(...shares)
      throw error
    }
  }
  return {
    async store({ clientId, backupMethod, share, setId }) {
      const bytes = fromBase64(share)
      try {
        const [name, ...otherNames] = namesOf(bytes)
        const sealed = sealer.seal(custodianShareContext(clientId, name), bytes)
        const insert = (db: Queryable) =>
          db.query(
            `insert into reshare_custodian_shares (client_id, share_id, set_id, backup_method, sealed, created_at)
             values ($1, $2, $3, $4, $5, $6) on conflict (client_id, share_id) do nothing`,
            [clientId, name, setId, backupMethod, sealed, new Date(now())],
          )
        if (otherNames.length === 0) {
          await insert(database)
          return
        }
        // Serializable: of two processes whose current keys differ one looks again, and finds what the other has stored.
        await database.transaction(async (tx) => {
          if (!(await hasAny(tx, clientId, otherNames))) await insert(tx)
        })
      } finally {
        wipe(bytes)
      }
    },
    async fetch({ clientId, setId = null }) {
      const shares = await read(clientId, setId)
      try {
        return shares.map(toBase64)
      } finally {
        wipe(...shares)
      }
    },
    async has(db, clientId, setId) {
      const known = 'select 1 from reshare_custodian_shares where client_id = $1 and set_id = $2 limit 1'
      return (await db.query(known, [clientId, setId])).length > 0
    },
    async open(clientId, setId, use) {
      const shares = await read(clientId, setId)
      try {
        return use(shares)
      } finally {
        wipe(...shares)
      }
    },
    async markExported(tx, clientId, setId) {
      const marked = await tx.query(
        `update reshare_custodian_shares set exported_at = coalesce(exported_at, $3)
         where client_id = $1 and set_id = $2 returning 1`,
        [clientId, setId, new Date(now())],
      )
      return marked.length > 0
    },
    async delete({ clientId, setId }) {
      await database.transaction(async (tx) => {
        await tx.query('delete from reshare_custodian_shares where client_id = $1 and set_id = $2', [clientId, setId])
        await deleteCipherTextsOf(tx, clientId, setId)
      })
    },
  }
}

async function hasAny(tx: Queryable, clientId: string, names: readonly Uint8Array[]): Promise<boolean> {
  const list = names.map((_, i) => `$${i + 2}`).join(', ')
  const known = `select 1 from reshare_custodian_shares where client_id = $1 and share_id in (${list}) limit 1`
  return (await tx.query(known, [clientId, ...names])).length > 0
}
