import { boolean, nullable, pick, readColumn, rowDecoder, text, type Decoded } from '../../service/database/rows.ts'
import type { Queryable } from '../../service/database/types.ts'
import { isAway } from '../client-moved.ts'
import { tables } from '../tables.ts'

const readEntry = rowDecoder(tables.reshare_audit)
const readHead = rowDecoder(tables.reshare_audit_heads)

const setColumns = {
  ...pick(tables.reshare_sets, 'set_id', 'client_id', 'device'),
  // Any text: what no server writes is reported as a difference from the log, and ends no verification.
  ...{ purpose: text, state: text },
  ...pick(tables.reshare_sets, 'committed_at', 'proven_at', 'exported_at', 'scope', 'expires_at'),
  poisoned: nullable(boolean),
  ban_logged: nullable(boolean),
}
const readSet = rowDecoder(setColumns)

const deviceColumns = pick(tables.reshare_devices, 'client_id', 'device', 'revoked_at', 'revoker')
const readDevice = rowDecoder(deviceColumns)

/** An entry of the log, with its hash. */
export type StoredEntry = ReturnType<typeof readEntry>

/** The end of a chain. */
export type StoredHead = ReturnType<typeof readHead>

/** A set as the log is compared with it, with the ban columns of its ECDSA setup: null if it has none. */
export type StoredSet = Decoded<typeof setColumns>

/** A device as the log is compared with it. */
export type StoredDevice = Decoded<typeof deviceColumns>

/** A range of clients in the order of the database. */
export interface ClientRange {
  readonly first: string
  readonly last: string
}

const CLIENTS = 100
const ENTRIES = 1000

const IN_RANGE = 'client_id >= $1 and client_id <= $2'

/** The next clients that have a chain or a set; the server's own chain is the first. */
export async function readClients(tx: Queryable, after: string | undefined): Promise<string[]> {
  const next = (table: string) =>
    `(select distinct client_id from ${table} where client_id ${after === undefined ? '>=' : '>'} $1
      order by client_id limit ${CLIENTS})`
  const rows = await tx.query(
    `select client_id from
       (${['reshare_audit_heads', 'reshare_audit', 'reshare_sets'].map(next).join(' union ')}) clients
     order by client_id limit ${CLIENTS}`,
    [after ?? ''],
  )
  return rows.map((row) => readColumn(row, 'client_id', text))
}

/** The entries of clients, chain by chain, each from its start. */
export async function* readEntries(tx: Queryable, { first, last }: ClientRange): AsyncGenerator<StoredEntry> {
  let [clientId, sequence] = [first, -(2 ** 31)]
  for (;;) {
    const rows = await tx.query(
      `select * from reshare_audit where (client_id, sequence) > ($1, $3) and client_id <= $2
       order by client_id, sequence limit ${ENTRIES}`,
      [clientId, last, sequence],
    )
    const entries = rows.map(readEntry)
    yield* entries
    const end = entries.at(-1)
    if (end === undefined) return
    clientId = end.clientId
    sequence = end.sequence
  }
}

export async function readHeads(tx: Queryable, { first, last }: ClientRange): Promise<StoredHead[]> {
  const rows = await tx.query(`select * from reshare_audit_heads where ${IN_RANGE}`, [first, last])
  return rows.map(readHead)
}

/** The sets of clients, with the ban columns of their ECDSA setups. */
export async function readSets(tx: Queryable, { first, last }: ClientRange): Promise<StoredSet[]> {
  const rows = await tx.query(
    `select sets.set_id, client_id, purpose, device, state, committed_at, proven_at, exported_at, scope, expires_at,
       poisoned, ban_logged
     from reshare_sets sets left join reshare_ot_states ot on ot.set_id = sets.set_id
     where ${IN_RANGE}`,
    [first, last],
  )
  return rows.map(readSet)
}

export async function readDevices(tx: Queryable, { first, last }: ClientRange): Promise<StoredDevice[]> {
  const rows = await tx.query(`select client_id, device, revoked_at, revoker from reshare_devices where ${IN_RANGE}`, [
    first,
    last,
  ])
  return rows.map(readDevice)
}

/** The clients of a range that are in another database, or on their way. */
export async function readAway(tx: Queryable, { first, last }: ClientRange): Promise<ReadonlySet<string>> {
  const rows = await tx.query(
    `select client_id from reshare_client_moves where ${IN_RANGE} and ${isAway('reshare_client_moves.client_id')}`,
    [first, last],
  )
  return new Set(rows.map((row) => readColumn(row, 'client_id', text)))
}
