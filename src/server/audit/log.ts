import type { RandomSource } from '../../util/random.ts'
import type { Sealer } from '../../util/seal.ts'
import { int, pick, readColumn, rowDecoder } from '../../service/database/rows.ts'
import type { Database, Queryable, SqlValue } from '../../service/database/types.ts'
import { EPOCH } from '../epoch.ts'
import { tables } from '../tables.ts'
import { type AuditEntry, type AuditEvent, entryHash, GENESIS, SERVER_CHAIN } from './entry.ts'
import { insertAuditKey, readAuditKey } from './key.ts'

/** The log of share-set events: one chain of keyed hashes per client, each entry written in the event's transaction. */
export interface AuditLog {
  /**
   * Opens the key of the log, or creates it if the database has none; cheap to repeat.
   *
   * @throws {SHARE_PARSING_FAILED} if no master key opens it
   */
  open(): Promise<void>
  /**
   * Appends events to the chain of a client, in the transaction in which they happen: they are in the log if and only
   * if it commits. Call it last in the transaction, because it locks the end of the chain: two transactions that write
   * to the same chain are serialized.
   *
   * The transaction of a ban must not call it: a client could contend for its chain until the ban is given up.
   *
   * @throws {Error} if there are events and {@link open} has not succeeded; the transaction must be rolled back
   */
  record(tx: Queryable, clientId: string, events: readonly AuditEvent[]): Promise<void>
}

const KEY_LENGTH = 32
/** The number of columns per entry, without the client. */
const COLUMNS = 9
/** How many entries one statement adds: PostgreSQL allows 65,535 parameters. */
const CHUNK = 500

const readNewHead = rowDecoder({ ...pick(tables.reshare_audit_heads, 'sequence', 'hash'), epoch: int })

export function createAuditLog(options: {
  readonly database: Database
  readonly sealer: Sealer
  readonly random: RandomSource
  readonly now: () => number
}): AuditLog {
  const { database, sealer, random, now } = options
  let opened: Uint8Array | undefined
  let opening: Promise<Uint8Array> | undefined
  let failure: unknown

  const record = async (tx: Queryable, key: Uint8Array, clientId: string, events: readonly AuditEvent[]) => {
    const [row] = await tx.query(
      `insert into reshare_audit_heads as head (client_id, sequence, hash) values ($1, $2, $3)
       on conflict (client_id) do update set sequence = head.sequence + excluded.sequence
       returning sequence, hash, ${EPOCH} as epoch`,
      [clientId, events.length, GENESIS],
    )
    const { sequence: last, hash: previous, epoch } = readNewHead(row)
    const before = last - events.length
    let hash = previous
    for (let start = 0; start < events.length; start += CHUNK) {
      const chunk = events.slice(start, start + CHUNK)
      const values: SqlValue[] = [clientId]
      for (const [i, event] of chunk.entries()) {
        const entry = auditEntry({ clientId, sequence: before + 1 + start + i, at: new Date(now()), epoch }, event)
        hash = entryHash(key, hash, entry)
        const { sequence, at, walletId, setId, operationId, detail } = entry
        values.push(sequence, at, epoch, event.event, walletId, setId, operationId, detail, hash)
      }
      await tx.query(
        `with added as (insert into reshare_audit (client_id, sequence, at, epoch, event, wallet_id, set_id,
           operation_id, detail, hash) values ${rowsOf(chunk.length)})
         update reshare_audit_heads set hash = $${values.length} where client_id = $1`,
        values,
      )
    }
  }

  const open = async (): Promise<Uint8Array> => {
    const known = await readAuditKey(database, sealer)
    if (known !== undefined) return known
    return database.transaction(async (tx) => {
      // Another process may have created it since the check.
      const made = await readAuditKey(tx, sealer)
      if (made !== undefined) return made
      const key = random(KEY_LENGTH)
      await insertAuditKey(tx, sealer, key)
      // The number of sets older than the log: verification never accepts more.
      const [older] = await tx.query('select count(*)::int as sets from reshare_sets where not logged')
      await record(tx, key, SERVER_CHAIN, [{ event: 'begun', detail: String(readColumn(older, 'sets', int)) }])
      return key
    })
  }

  return {
    async open() {
      if (opened !== undefined) return
      opening ??= open()
      try {
        opened = await opening
      } catch (error) {
        failure = error
        throw error
      } finally {
        opening = undefined
      }
    },
    async record(tx, clientId, events) {
      if (events.length === 0) return
      if (opened === undefined) throw (failure as Error | undefined) ?? new Error('the audit log is not open')
      await record(tx, opened, clientId, events)
    },
  }
}

function auditEntry(
  position: Pick<AuditEntry, 'clientId' | 'sequence' | 'at' | 'epoch'>,
  { event, walletId = '', setId = '', operationId = '', detail = '' }: AuditEvent,
): AuditEntry {
  return { ...position, event, walletId, setId, operationId, detail }
}

/** `($1, $2, …), …`: the client, which all entries share, and the columns of each. */
function rowsOf(count: number): string {
  const row = (i: number) => Array.from({ length: COLUMNS }, (_, j) => `$${2 + COLUMNS * i + j}`).join(', ')
  return Array.from({ length: count }, (_, i) => `($1, ${row(i)})`).join(', ')
}
