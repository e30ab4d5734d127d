// @ts-check
import { webhookCustodian } from 'reshare/custodian'
import { createServer } from 'reshare/server'
import { postgresDatabase } from 'reshare/server/postgres'
import { INVARIANTS } from '../test/crash/support/invariants.mjs'
import { ask } from './fleet.mjs'

/** As the first request to a server does. @param {string} databaseUrl @param {number} [key] each byte of the master key */
export async function createTables(databaseUrl, key = 2) {
  const database = postgresDatabase(databaseUrl)
  try {
    await createServer({ database, masterKey: new Uint8Array(32).fill(key), authenticate: () => undefined }).sweep()
  } finally {
    await database.close()
  }
}

/** Rows and bytes of a table, its indexes included, and how often it was read whole. @typedef {{ table: string, rows: number, bytes: number, scans: number }} Table */

/** SQL: the bytes of a table and its indexes, and of its partitions. @param {string} id of the table */
export const bytesOf = (id) =>
  `(pg_total_relation_size(${id}) + coalesce((select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = ${id}), 0))::float8`

/** @param {string} databaseUrl @returns {Promise<Table[]>} */
export async function measureTables(databaseUrl) {
  const names = await ask(
    databaseUrl,
    `select relname as name from pg_class
     where relkind in ('r', 'p') and relname like 'reshare_%' and pg_table_is_visible(oid) order by 1`,
  )
  const counts = names.map(
    ({ name }) =>
      `select '${name}' as "table", count(*)::float8 as rows, ${bytesOf(`'${name}'::regclass`)} as bytes,
         (select seq_scan::int from pg_stat_user_tables where relname = '${name}') as scans from ${name}`,
  )
  return ask(databaseUrl, counts.join(' union all '))
}

/**
 * What is wrong with the servers' tables once every time-out has passed.
 *
 * @param {import('./fleet.mjs').Fleet & { key?: number }} fleet, with each byte of the master key
 * @param {readonly string[]} walletIds of all wallets that a client has
 */
export async function findBroken({ databaseUrl, key = 2, custodianUrl, secret, limits }, walletIds) {
  // Later than the time-outs of everything that was begun.
  const laterMs = limits.operationMs + limits.responseMs + 1000
  const broken = []
  const database = postgresDatabase(databaseUrl)
  try {
    const server = createServer({
      database,
      masterKey: new Uint8Array(32).fill(key),
      authenticate: () => undefined,
      custodian: webhookCustodian({ url: custodianUrl, secret }),
      limits,
      now: () => Date.now() + laterMs,
    })
    await server.sweep()
    for (const [name, sql] of INVARIANTS) {
      const { length } = await database.query(sql)
      if (length > 0) broken.push(`${name}: ${length}`)
    }
    const known = new Set(walletIds)
    // Clients of this run are named by UUIDs, those that were there before it by plain hex.
    const made = await database.query(`select wallet_id from reshare_wallets where client_id like '%-%'`)
    const unknown = made.filter((row) => !known.has(String(row['wallet_id'])))
    if (unknown.length > 0) broken.push(`wallets that the server has made and no client has: ${unknown.length}`)
    return broken
  } finally {
    await database.close()
  }
}
