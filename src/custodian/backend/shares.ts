import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import { fromBase64, toBase64, wipe } from '../../util/bytes.ts'
import type { Sealer } from '../../util/seal.ts'
import { deleteCipherTextsOf } from './cipher-texts.ts'
import { custodianShareContext, type ShareNames } from './share-names.ts'
import type { BackupBody, DeleteBody, FetchBody } from './requests.ts'
import { tables } from './tables.ts'

const readStored = rowDecoder(pick(tables.reshare_custodian_shares, 'share_id', 'sealed'))

/** The custodian shares of clients' backup sets, stored sealed. */
export interface CustodianShares {
  /** Stores a share; durable when it resolves. Repeating it changes nothing. */
  store(backup: BackupBody): Promise<void>
  /** The shares of a client's backup set, or of all its sets, oldest first, as base64. */
  fetch(which: FetchBody): Promise<string[]>
  /** Whether a share of this backup set is stored. */
  has(db: Queryable, clientId: string, setId: string): Promise<boolean>
  /** Calls `use` with the encoded shares of a backup set, and wipes them afterwards. */
  open<T>(clientId: string, setId: string, use: (shares: readonly Uint8Array[]) => T): Promise<T>
  /** Records that the shares of a backup set were released; the first time is kept. @returns whether there are any */
  markExported(tx: Queryable, clientId: string, setId: string): Promise<boolean>
  /** Deletes the shares of a backup set, and the cipherTexts that have no share left. Idempotent. */
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
        // Serializable: of two processes with different current keys, one is retried, and finds what the other has stored.
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
