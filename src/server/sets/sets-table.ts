import type { SetStatus } from '../../wire/operations.ts'
import { getGroup } from '../../curve/index.ts'
import { decodeWalletSetRecord, type ShareSetRecord } from '../../key-share/index.ts'
import type { BackupMethodName, Purpose, SetState } from '../../types.ts'
import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { Statement } from '../../service/database/combined.ts'
import type { Queryable, Row } from '../../service/database/types.ts'
import { tables } from '../tables.ts'
import { notAuthorized } from '../../service/not-authorized.ts'

/** A share set of a wallet in the server's database. */
export interface SetRow {
  readonly setId: string
  readonly clientId: string
  readonly walletId: string
  readonly operationId: string
  readonly purpose: Purpose
  readonly state: SetState
  readonly label: string
  readonly backupMethod: BackupMethodName | null
  /** The set whose shares dealt it. */
  readonly sourceSetId: string | null
  /** The device that made it; only that device may use a signing set. Null if every device of the client may. */
  readonly device: string | null
  /** Encoded by `encodeWalletSetRecord`. */
  readonly record: Uint8Array
  readonly createdAt: Date
  /** When the operation that made it was decided. */
  readonly committedAt: Date | null
  readonly provenAt: Date | null
  readonly lastUsedAt: Date | null
  /** When a private key was exported with this set. */
  readonly exportedAt: Date | null
  /** The name that the policy gets with each request of a signing set. */
  readonly scope: string | null
  /** When a signing set ends. */
  readonly expiresAt: Date | null
}

/** What limits the use of a signing set; null for what it does not have. A set with one of them is a limited set. */
export type StoredLimits = Pick<SetRow, 'scope' | 'expiresAt'>

/** The limits of a set without any. */
export const UNLIMITED: StoredLimits = Object.freeze({ scope: null, expiresAt: null })

/** SQL condition on a row of `reshare_sets`: it has no limits. */
export const IS_UNLIMITED = 'scope is null and expires_at is null'

/** SQL condition: a set has not ended by time. @param now a parameter, such as `$2` */
export function notExpired(now: string): string {
  return `(reshare_sets.expires_at is null or reshare_sets.expires_at > ${now})`
}

/** The columns of a set that the API shows. */
export type ListedSet = Omit<SetRow, 'clientId' | 'operationId' | 'sourceSetId' | 'record' | 'committedAt'>

/** How many of a wallet's destroyed sets are listed. */
const ENDED_LISTED = 500

/** The columns of {@link ListedSet}. */
export const LISTED = `set_id, wallet_id, purpose, state, label, backup_method, device, created_at, proven_at, last_used_at,
  exported_at, scope, expires_at`

const listedColumns = pick(
  tables.reshare_sets,
  ...(['set_id', 'wallet_id', 'purpose', 'state', 'label', 'backup_method', 'device'] as const),
  ...(['created_at', 'proven_at', 'last_used_at', 'exported_at', 'scope', 'expires_at'] as const),
)
/** Reads a row of the columns that the API shows. */
export const listedSet: (row: Row | undefined) => ListedSet = rowDecoder(listedColumns)

/** Reads a row of all columns. */
export const setRow: (row: Row) => SetRow = rowDecoder({
  ...listedColumns,
  ...pick(tables.reshare_sets, 'client_id', 'operation_id', 'source_set_id', 'record', 'committed_at'),
})

/** Reads the ids for an event about a set, from a row with `set_id` and `wallet_id`. */
export const setIdsOf = rowDecoder(pick(tables.reshare_sets, 'set_id', 'wallet_id'))

/** The public record of a set on secp256k1, whose id identifies the set in ECDSA. */
export function ecdsaRecord(set: Pick<SetRow, 'record'>): ShareSetRecord {
  const { records } = decodeWalletSetRecord(getGroup, set.record)
  return records.find(({ curve }) => curve === 'secp256k1') as ShareSetRecord
}

/** @throws {AUTH_FAILED} if the client has no such set */
export async function requireSet(db: Queryable, clientId: string, setId: string): Promise<SetRow> {
  const [row] = await db.query('select * from reshare_sets where set_id = $1 and client_id = $2', [setId, clientId])
  if (row === undefined) throw notAuthorized()
  return setRow(row)
}

/**
 * Reads a wallet's sets in the order in which they were made, without those of aborted operations. Of the destroyed sets,
 * whose number is not limited, it reads only the newest.
 *
 * @throws {AUTH_FAILED} if the client has no such wallet
 */
export async function requireSets(db: Queryable, clientId: string, walletId: string): Promise<ListedSet[]> {
  const wallet = [walletId, clientId]
  const [known] = await db.query('select 1 from reshare_wallets where wallet_id = $1 and client_id = $2', wallet)
  if (known === undefined) throw notAuthorized()
  const rows = await db.query(
    `select ${LISTED} from reshare_sets
     where wallet_id = $1 and client_id = $2 and (state not in ('ABORTED', 'DESTROYED') or set_id in
       (select set_id from reshare_sets where wallet_id = $1 and client_id = $2 and state = 'DESTROYED'
        order by ordinal desc limit ${ENDED_LISTED}))
     order by ordinal`,
    wallet,
  )
  return rows.map(listedSet)
}

/** A set that was just made. */
export type NewSet = Omit<SetRow, 'state' | 'provenAt' | 'lastUsedAt' | 'exportedAt'>

/**
 * Adds a set: PREPARED, or ACTIVE if it is a signing set that is committed at once. One that is there stays as it is: a
 * repetition of the same round finds it. Returns a row if it was added.
 */
export function setInsertion(set: NewSet): Statement {
  return {
    sql: `insert into reshare_sets (set_id, client_id, wallet_id, operation_id, purpose, label, backup_method,
        source_set_id, device, record, created_at, committed_at, state, scope, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
      on conflict (set_id) do nothing returning set_id`,
    parameters: [
      set.setId,
      set.clientId,
      set.walletId,
      set.operationId,
      set.purpose,
      set.label,
      set.backupMethod,
      set.sourceSetId,
      set.device,
      set.record,
      set.createdAt,
      set.committedAt,
      set.committedAt !== null && set.purpose === 'signing' ? 'ACTIVE' : 'PREPARED',
      set.scope,
      set.expiresAt,
    ],
  }
}

/** A set as the API shows it. */
export function setStatus(set: ListedSet): SetStatus {
  return {
    setId: set.setId,
    walletId: set.walletId,
    purpose: set.purpose,
    state: set.state,
    label: set.label,
    backupMethod: set.backupMethod,
    deviceId: set.device,
    createdAt: set.createdAt.toISOString(),
    lastUsedAt: set.lastUsedAt?.toISOString() ?? null,
    exportedAt: set.exportedAt?.toISOString() ?? null,
    scope: set.scope,
    expiresAt: set.expiresAt?.toISOString() ?? null,
    proven: set.provenAt !== null,
  }
}
