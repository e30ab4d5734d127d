// @ts-check
// Fills the tables with the rows of as many clients as one likes: one client's, under other ids, written by SQL alone. Their audit
// chains are valid; their shares open for nobody, and nobody asks for them.
import pg from 'pg'
import { readAuditKey } from '../../dist/server/audit/key.js'
import { createSealer } from '../../dist/util/seal.js'
import { postgresDatabase } from 'reshare/server/postgres'

/** In the order in which a client's rows come to be. */
const TABLES = [
  ...['reshare_tokens', 'reshare_wallets', 'reshare_devices', 'reshare_sets', 'reshare_shares', 'reshare_ot_states'],
  ...['reshare_custodian_records', 'reshare_decisions'],
]
/** Columns with ids, each of which is another one in a copy. */
const IDS = new Set(['client_id', 'wallet_id', 'set_id', 'source_set_id', 'operation_id', 'device', 'joining_device'])
/** How long the ECDSA setup of a copy is: 10 million wallets' would take 460 GB. */
const SETUP_BYTES = 100
const DOMAIN = 'reshare/v1/audit/entry'

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
  return withClient(databaseUrl, async (client) => {
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
    await client.query(
      `create function template.other(id text, n int) returns text language sql immutable parallel safe as
         $$ select substr(md5(id || n) || md5(n || id), 1, length(id)) $$`,
    )
    return { clientId, setupBytes: setups.rows[0].bytes, entries: audit.rows, key }
  })
}

/**
 * Adds the copies of these numbers.
 *
 * @param {string} databaseUrl
 * @param {Template} template
 * @param {number} from
 * @param {number} to
 */
export function fill(databaseUrl, template, from, to) {
  return withClient(databaseUrl, async (client) => {
    // Triggers and foreign keys have nothing to find out about copies.
    await client.query('set session_replication_role = replica')
    await client.query('set synchronous_commit = off')
    const numbers = `generate_series(${from}, ${to}) n`
    for (const table of TABLES) {
      const columns = await columnsOf(client, table)
      const values = columns.map((column) => {
        if (column === 'token_hash') return 'sha256(token_hash || int4send(n))'
        return IDS.has(column) ? `template.other(${column}, n)` : column
      })
      await client.query(
        `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from template.${kept(table)}, ${numbers}`,
      )
    }
    await client.query(auditOf(client, template, numbers))
    await client.query(
      `insert into reshare_audit_heads (client_id, sequence, hash) select client_id, sequence, hash
       from ${numbers} join reshare_audit on client_id = ${other(client, template.clientId)} and sequence = ${template.entries.length}`,
    )
  })
}

/** The name of a table in the schema of the template. @param {string} table */
const kept = (table) => table.replace('reshare_', '')

/** An id of the template, in a copy. @param {pg.Client} client @param {string} id */
const other = (client, id) => `template.other(${client.escapeLiteral(id)}, n)`

/** @param {string} text */
const isId = (text) => /^[0-9a-f]{32,64}$/.test(text)

/**
 * The statement that adds the audit chains of copies, as docs/wire.md has their bytes.
 *
 * @param {pg.Client} client @param {Template} template @param {string} numbers
 */
function auditOf(client, { clientId, entries, key }, numbers) {
  const pad = (/** @type {number} */ byte) => {
    const block = Buffer.alloc(64, byte)
    for (const [i, one] of key.entries()) block[i] = one ^ byte
    return bytea(block)
  }
  const [inner, outer] = [pad(0x36), pad(0x5c)]
  const text = (/** @type {string} */ value) =>
    value !== '' && (isId(value) || value === clientId) ? other(client, value) : client.escapeLiteral(value)
  const prefixed = (/** @type {string} */ value) => `${bytea(u32(value.length))} || convert_to(${text(value)}, 'UTF8')`
  const fieldsOf = (/** @type {Record<string, any>} */ entry) =>
    ['event', 'wallet_id', 'set_id', 'operation_id', 'detail'].map((name) => String(entry[name]))
  const links = entries.map((entry, i) => {
    const time = entry['at'].getTime()
    const numbered = [entry['sequence'], Math.floor(time / 2 ** 32), time % 2 ** 32, entry['epoch']].map(u32)
    const message = [
      bytea(Buffer.concat([u32(DOMAIN.length), Buffer.from(DOMAIN)])),
      i === 0 ? bytea(Buffer.alloc(32)) : `link${i - 1}.hash`,
      prefixed(clientId),
      bytea(Buffer.concat(numbered)),
      ...fieldsOf(entry).map(prefixed),
    ].join(' || ')
    // Not pulled up: each hash is computed once.
    return `cross join lateral (select sha256(${outer} || sha256(${inner} || ${message})) as hash offset 0) link${i}`
  })
  const rows = entries.map((entry, i) => {
    const at = client.escapeLiteral(entry['at'].toISOString())
    const fields = fieldsOf(entry).map(text).join(', ')
    return `(${entry['sequence']}, ${at}::timestamptz, ${entry['epoch']}, ${fields}, link${i}.hash)`
  })
  return `insert into reshare_audit (client_id, sequence, at, epoch, event, wallet_id, set_id, operation_id, detail, hash)
    select ${other(client, clientId)}, entry.* from ${numbers} ${links.join('\n')}
    cross join lateral (values ${rows.join(', ')}) entry`
}

/** @param {number} value */
function u32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** @param {Uint8Array} bytes */
const bytea = (bytes) => `'\\x${Buffer.from(bytes).toString('hex')}'::bytea`

/** All but what PostgreSQL numbers. @param {pg.Client} client @param {string} table @returns {Promise<string[]>} */
async function columnsOf(client, table) {
  const { rows } = await client.query(
    `select column_name from information_schema.columns
     where table_schema = current_schema() and table_name = $1 and is_identity = 'NO' order by ordinal_position`,
    [table],
  )
  return rows.map(({ column_name: name }) => name)
}

/** @template T @param {string} url @param {(client: pg.Client) => Promise<T>} work */
async function withClient(url, work) {
  const client = new pg.Client({ connectionString: url })
  // A run that is told to end stops PostgreSQL first.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
