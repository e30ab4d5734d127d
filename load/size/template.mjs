// @ts-check
// The rows that are copied: those of one client.
import { readAuditKey } from '../../dist/server/audit/key.js'
import { createSealer } from '../../dist/util/seal.js'
import { postgresDatabase } from 'reshare/server/postgres'
import { withClient } from './client.mjs'
import { TABLES } from './tables.mjs'

/** How long the ECDSA setup of a copy is: 10 million wallets' would take 460 GB. */
const SETUP_BYTES = 100

/** @typedef {{ clientId: string, setupBytes: number, entries: Record<string, any>[], key: Uint8Array }} Template */

/**
 * Takes the rows of a client of this run that has three sets, and keeps them in a schema of their own.
 *
 * @param {string} databaseUrl
 * @param {Uint8Array} masterKey
 * @returns {Promise<Template>}
 */
export async function takeTemplate(databaseUrl, masterKey) {
  const database = postgresDatabase(databaseUrl)
  const sealer = createSealer(masterKey, (length) => crypto.getRandomValues(new Uint8Array(length)))
  const key = await readAuditKey(database, sealer).finally(() => database.close())
  if (key === undefined) throw new Error('the database has no audit log')
  return withClient(databaseUrl, async (client) => ({ ...(await copyRows(client)), key }))
}

/** @param {import('pg').Client} client */
async function copyRows(client) {
  const { rows } = await client.query(
    `select client_id from reshare_sets where client_id like '%-%' group by client_id
     having count(*) = 3 and bool_and(state = 'ACTIVE') order by 1 limit 1`,
  )
  const clientId = rows[0]?.client_id
  if (clientId === undefined) throw new Error('no client has three sets')
  await client.query('create schema template')
  for (const table of TABLES) {
    const bySet = !(await columnsOf(client, table)).includes('client_id')
    const where = bySet ? 'set_id in (select set_id from reshare_sets where client_id = $1)' : 'client_id = $1'
    await client.query(`create table template.${kept(table)} (like ${table})`)
    await client.query(`insert into template.${kept(table)} select * from ${table} where ${where}`, [clientId])
  }
  const setups = await client.query(`select avg(octet_length(sealed))::int as bytes from template.ot_states`)
  await client.query(`update template.ot_states set sealed = substring(sealed from 1 for ${SETUP_BYTES})`)
  const audit = await client.query('select * from reshare_audit where client_id = $1 order by sequence', [clientId])
  // Of 32 characters or more: another one of the same length. It is inlined, since all of it is immutable.
  await client.query(
    `create function template.other(id text, n int) returns text language sql immutable parallel safe as
       $$ select left(md5(id || n::text) || substr(id, 33), length(id)) $$`,
  )
  return { clientId, setupBytes: setups.rows[0].bytes, entries: audit.rows }
}

/** The name of a table in the schema of the template. @param {string} table */
export const kept = (table) => table.replace('reshare_', '')

/** All but what PostgreSQL numbers. @param {import('pg').Client} client @param {string} table @returns {Promise<string[]>} */
export async function columnsOf(client, table) {
  const { rows } = await client.query(
    `select column_name from information_schema.columns
     where table_schema = current_schema() and table_name = $1 and is_identity = 'NO' order by ordinal_position`,
    [table],
  )
  return rows.map(({ column_name: name }) => name)
}
