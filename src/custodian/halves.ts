import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Database } from '../server/database/types.ts'
import { fromBase64, toBase64, toHex, utf8, wipe } from '../util/bytes.ts'
import type { Sealer } from '../util/seal.ts'
import type { BackupBody, DeleteBody, FetchBody } from './requests.ts'

/** The custodian's halves of a client's backup sets, sealed. */
export interface Halves {
  /** Durable when it resolves; the same half again changes nothing. */
  store(backup: BackupBody): Promise<void>
  /** The halves of a client's backup set, or of all, oldest first, as base64. */
  fetch(which: FetchBody): Promise<string[]>
  /** Removes the halves of a backup set; harmless to repeat. */
  delete(which: DeleteBody): Promise<void>
}

export function createHalves(options: {
  readonly database: Database
  readonly masterKey: Uint8Array
  readonly sealer: Sealer
  readonly now: () => number
}): Halves {
  const { database, sealer, now } = options
  // A keyed hash names a half: a plain one would be a check value for guesses at it.
  const nameKey = hmac(sha256, options.masterKey, utf8('reshare/v1/custodian/share-id'))
  const place = (clientId: string, shareId: Uint8Array) =>
    ({ purpose: 'custodian share', clientId, row: toHex(shareId) }) as const
  return {
    async store({ clientId, backupMethod, share, setId }) {
      const bytes = fromBase64(share)
      try {
        const shareId = hmac(sha256, nameKey, bytes)
        await database.query(
          `insert into reshare_custodian_shares (client_id, share_id, set_id, backup_method, sealed, created_at)
           values ($1, $2, $3, $4, $5, $6) on conflict (client_id, share_id) do nothing`,
          [clientId, shareId, setId, backupMethod, sealer.seal(place(clientId, shareId), bytes), new Date(now())],
        )
      } finally {
        wipe(bytes)
      }
    },
    async fetch({ clientId, setId = null }) {
      const rows = await database.query(
        `select share_id, sealed from reshare_custodian_shares
         where client_id = $1 and ($2::text is null or set_id = $2) order by ordinal`,
        [clientId, setId],
      )
      return rows.map((row) => {
        const bytes = sealer.open(place(clientId, row['share_id'] as Uint8Array), row['sealed'] as Uint8Array)
        try {
          return toBase64(bytes)
        } finally {
          wipe(bytes)
        }
      })
    },
    async delete({ clientId, setId }) {
      await database.query('delete from reshare_custodian_shares where client_id = $1 and set_id = $2', [
        clientId,
        setId,
      ])
    },
  }
}
