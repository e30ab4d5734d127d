import type { Queryable, Row } from '../../service/database/types.ts'

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
  return rows.map((row) => row['client_id'] as string)
}

/** The entries of clients, chain by chain, each from its start. */
export async function* readEntries(tx: Queryable, { first, last }: ClientRange): AsyncGenerator<Row> {
  let [clientId, sequence] = [first, -(2 ** 31)]
  for (;;) {
    const rows = await tx.query(
      `select * from reshare_audit where (client_id, sequence) > ($1, $3) and client_id <= $2
       order by client_id, sequence limit ${ENTRIES}`,
      [clientId, last, sequence],
    )
    yield* rows
    const end = rows.at(-1)
    if (end === undefined) return
    clientId = end['client_id'] as string
    sequence = end['sequence'] as number
  }
}

export async function readHeads(tx: Queryable, { first, last }: ClientRange): Promise<Row[]> {
  return tx.query(`select * from reshare_audit_heads where ${IN_RANGE}`, [first, last])
}

/** The sets of clients, with the ban columns of their ECDSA setups. */
export async function readSets(tx: Queryable, { first, last }: ClientRange): Promise<Row[]> {
  return tx.query(
    `select sets.set_id, client_id, purpose, device, state, committed_at, proven_at, exported_at, logged, poisoned, ban_logged
     from reshare_sets sets left join reshare_ot_states pairs on pairs.set_id = sets.set_id
     where ${IN_RANGE}`,
    [first, last],
  )
}

export async function readDevices(tx: Queryable, { first, last }: ClientRange): Promise<Row[]> {
  return tx.query(`select client_id, device, revoked_at, revoker from reshare_devices where ${IN_RANGE}`, [first, last])
}
