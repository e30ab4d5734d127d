import type { RandomSource } from '../../util/random.ts'
import type { Sealer } from '../../util/seal.ts'
import { int, pick, rowDecoder } from '../../service/database/rows.ts'
import type { Database, Queryable, SqlValue } from '../../service/database/types.ts'
import { observeOnCommit } from '../observe.ts'
import { EPOCH } from '../epoch.ts'
import { outboxInsertion } from '../events/outbox.ts'
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
   * @param known the end of the chain as the caller has read it: if it is still that, one statement appends to it
   * @throws {Error} if there are events and {@link open} has not succeeded; the transaction must be rolled back
   */
  record(tx: Queryable, clientId: string, events: readonly AuditEvent[], known?: KnownHead): Promise<void>
}

/** The end of a client's chain, as it was read before: sequence 0 and {@link GENESIS} if there was none. */
export interface KnownHead {
  readonly sequence: number
  readonly hash: Uint8Array
  /** The database's epoch then. */
  readonly epoch: number
}

/** Events to append to the chain of a client, with the key of the log. */
interface Addition {
  readonly key: Uint8Array
  readonly clientId: string
  readonly events: readonly AuditEvent[]
}

const KEY_LENGTH = 32
const ENTRY_COLUMNS = 'client_id, sequence, at, epoch, event, wallet_id, set_id, operation_id, detail, hash'
/** Of these columns, without the client. */
const COLUMN_TYPES = ['int', 'timestamptz', 'int', 'text', 'text', 'text', 'text', 'text', 'bytea']
/** Moves the end of the chain of `$1` to sequence `$2` and hash `$3`, in epoch `$4`, from sequence `$5` and hash `$6`. */
const NEXT_HEAD = `update reshare_audit_heads set sequence = $2, hash = $3
  where client_id = $1 and sequence = $5 and hash = $6 and ${EPOCH} = $4`
/** {@link NEXT_HEAD} of a client without a chain. */
const FIRST_HEAD = `insert into reshare_audit_heads (client_id, sequence, hash)
  select $1, $2, $3::bytea where ${EPOCH} = $4 and $5::int = 0 and $6::bytea is not null on conflict (client_id) do nothing`
/** How many entries one statement adds: PostgreSQL allows 65,535 parameters. */
const CHUNK = 500

const readNewHead = rowDecoder({ ...pick(tables.reshare_audit_heads, 'sequence', 'hash'), epoch: int })

export function createAuditLog(options: {
  readonly database: Database
  readonly sealer: Sealer
  readonly random: RandomSource
  readonly now: () => number
  /** Whether the events are also added to the outbox, to be delivered. Default: false. */
  readonly sendsEvents?: boolean
}): AuditLog {
  const { database, sealer, random, now, sendsEvents = false } = options
  let opened: Uint8Array | undefined
  let opening: Promise<Uint8Array> | undefined
  let failure: unknown

  /**
   * Makes the entries that follow an end of a chain.
   *
   * @param first the number of the first parameter that is free
   * @param from that of {@link outboxInsertion}
   * @returns their columns, the hash of the last, and what adds their events to the outbox
   */
  const entriesAfter = (head: KnownHead, { key, clientId, events }: Addition, first: number, from: string) => {
    const { epoch } = head
    let { hash } = head
    const entries = events.map((event, i) => {
      const entry = auditEntry({ clientId, sequence: head.sequence + 1 + i, at: new Date(now()), epoch }, event)
      hash = entryHash(key, hash, entry)
      return { entry, hash }
    })
    const values = entries.flatMap(({ entry, hash: own }): SqlValue[] => {
      const { sequence, at, event, walletId, setId, operationId, detail } = entry
      return [sequence, at, epoch, event, walletId, setId, operationId, detail, own]
    })
    const outbox = sendsEvents ? outboxInsertion(entries, first + values.length, from) : undefined
    return {
      values: [...values, ...(outbox?.parameters ?? [])],
      hash,
      withOutbox: outbox === undefined ? '' : `, sent as (${outbox.sql})`,
    }
  }

  /** @returns whether the chain still ended where it was known to; otherwise nothing is written */
  const appendToKnown = async (tx: Queryable, known: KnownHead, addition: Addition): Promise<boolean> => {
    const { clientId, events } = addition
    const { values, hash, withOutbox } = entriesAfter(known, addition, 7, ' from moved')
    const rows = rowsOf(events.length, 7)
    const moved = known.sequence === 0 ? FIRST_HEAD : NEXT_HEAD
    const appended = await tx.query(
      `with moved as (${moved} returning 1)${withOutbox}
       insert into reshare_audit (${ENTRY_COLUMNS})
       select $1, entry.* from moved cross join (values ${rows}) entry returning 1`,
      [clientId, known.sequence + events.length, hash, known.epoch, known.sequence, known.hash, ...values],
    )
    return appended.length > 0
  }

  const record = async (tx: Queryable, addition: Addition, known?: KnownHead): Promise<void> => {
    const { clientId, events } = addition
    if (known !== undefined && events.length <= CHUNK && (await appendToKnown(tx, known, addition))) return
    const [row] = await tx.query(
      `insert into reshare_audit_heads as head (client_id, sequence, hash) values ($1, $2, $3)
       on conflict (client_id) do update set sequence = head.sequence + excluded.sequence
       returning sequence, hash, ${EPOCH} as epoch`,
      [clientId, events.length, GENESIS],
    )
    const { sequence: last, hash: previous, epoch } = readNewHead(row)
    let head: KnownHead = { sequence: last - events.length, hash: previous, epoch }
    for (let start = 0; start < events.length; start += CHUNK) {
      const chunk = events.slice(start, start + CHUNK)
      const { values, hash, withOutbox } = entriesAfter(head, { ...addition, events: chunk }, 3, '')
      head = { sequence: head.sequence + chunk.length, hash, epoch }
      await tx.query(
        `with added as (insert into reshare_audit (${ENTRY_COLUMNS})
           select $1, entry.* from (values ${rowsOf(chunk.length, 3)}) entry)${withOutbox}
         update reshare_audit_heads set hash = $2 where client_id = $1`,
        [clientId, hash, ...values],
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
      await record(tx, { key, clientId: SERVER_CHAIN, events: [{ event: 'logStarted' }] })
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
    async record(tx, clientId, events, known) {
      if (events.length === 0) return
      if (opened === undefined) throw (failure as Error | undefined) ?? new Error('the audit log is not open')
      await record(tx, { key: opened, clientId, events }, known)
      for (const { event } of events) observeOnCommit(tx, { name: 'setEvent', event })
    },
  }
}

function auditEntry(
  position: Pick<AuditEntry, 'clientId' | 'sequence' | 'at' | 'epoch'>,
  { event, walletId = '', setId = '', operationId = '', detail = '' }: AuditEvent,
): AuditEntry {
  return { ...position, event, walletId, setId, operationId, detail }
}

/** The rows of `values`, with the parameters of the entries' columns from `$first` on. */
function rowsOf(count: number, first: number): string {
  const row = (i: number) =>
    COLUMN_TYPES.map((type, j) => `$${first + COLUMN_TYPES.length * i + j}::${type}`).join(', ')
  return Array.from({ length: count }, (_, i) => `(${row(i)})`).join(', ')
}
