// @ts-check
// Fills the tables with the rows of as many clients as one likes: one client's, under other ids, written by SQL alone. Their audit
// chains are valid; their shares open for nobody, and nobody asks for them.
import { auditOf } from './audit-sql.mjs'
import { connect } from './client.mjs'
import { dropKeys, makeKeys } from './keys.mjs'
import { FILLED, IDS, TABLES } from './tables.mjs'
import { columnsOf, kept } from './template.mjs'

/** How many connections write side by side. */
const CONNECTIONS = 2
/** How many copies one statement writes. */
const CHUNK = 5000
const SAY_MS = 10_000

/** @typedef {import('./template.mjs').Template} Template */

/**
 * Adds the copies of these numbers. Keys and indexes are made after the rows, from PostgreSQL's own definitions: it refuses one that
 * the rows violate. Nothing else may use the database meanwhile.
 *
 * @param {string} databaseUrl
 * @param {Template} template
 * @param {{ from: number, to: number }} numbers
 * @param {(line: string) => void} say
 * @returns {Promise<Record<string, number>>} how many seconds the vacuum of each table took
 */
export async function fill(databaseUrl, template, { from, to }, say) {
  /** @type {import('pg').Client[]} */
  const clients = []
  try {
    for (let i = 0; i < CONNECTIONS; i++) clients.push(await connectToFill(databaseUrl))
    const [first] = /** @type {[import('pg').Client]} */ (clients)
    const told = createProgress(say, to - from + 1)
    const dropped = await dropKeys(first, FILLED)
    const statements = await statementsOf(first, template)
    const starts = Array.from({ length: Math.ceil((to - from + 1) / CHUNK) }, (_, i) => from + i * CHUNK)
    await sideBySide(clients, starts, async (client, start) => {
      const end = Math.min(start + CHUNK - 1, to)
      for (const sql of statements) await client.query(sql, [start, end])
      told.rows(end - start + 1)
    })
    say(`rows written in ${told.seconds()} s`)
    await makeKeys(dropped, (list, work) => sideBySide(clients, list, work))
    say(`keys and indexes made in ${told.seconds()} s`)
    /** @type {Record<string, number>} */
    const vacuums = {}
    await sideBySide(clients, FILLED, async (client, table) => {
      const began = performance.now()
      await client.query(`vacuum (analyze) ${table}`)
      vacuums[table] = (performance.now() - began) / 1000
    })
    await first.query('checkpoint')
    say(`vacuumed in ${told.seconds()} s`)
    return vacuums
  } finally {
    for (const client of clients) await client.end().catch(() => undefined)
  }
}

/** The statements that add the copies from number `$1` to `$2`. @param {import('pg').Client} client @param {Template} template */
async function statementsOf(client, template) {
  const numbers = 'generate_series($1::int, $2::int) n'
  const statements = []
  for (const table of TABLES) {
    const columns = await columnsOf(client, table)
    const values = columns.map((column) => {
      if (column === 'token_hash') return 'sha256(token_hash || int4send(n))'
      return IDS.has(column) ? `template.other(${column}, n)` : column
    })
    statements.push(
      `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from template.${kept(table)}, ${numbers}`,
    )
  }
  return [...statements, auditOf(template, numbers)]
}

/** Each connection takes the next one of a list. @template T @param {readonly import('pg').Client[]} clients @param {readonly T[]} list @param {(client: import('pg').Client, one: T) => Promise<void>} work */
async function sideBySide(clients, list, work) {
  const left = list.values()
  await Promise.all(
    clients.map(async (client) => {
      for (const one of left) await work(client, one)
    }),
  )
}

/** Tells of copies every few seconds. @param {(line: string) => void} say @param {number} all */
function createProgress(say, all) {
  const began = performance.now()
  let [done, told] = [0, began]
  const seconds = () => ((performance.now() - began) / 1000).toFixed(0)
  return {
    seconds,
    rows(/** @type {number} */ count) {
      done += count
      if (performance.now() - told < SAY_MS) return
      told = performance.now()
      say(`${done.toLocaleString('en')} of ${all.toLocaleString('en')} written after ${seconds()} s`)
    },
  }
}

/** @param {string} url */
async function connectToFill(url) {
  const client = await connect(url)
  // Triggers have nothing to find out about copies.
  await client.query('set session_replication_role = replica')
  await client.query('set synchronous_commit = off')
  await client.query(`set maintenance_work_mem = '1GB'`)
  await client.query('set max_parallel_maintenance_workers = 0')
  return client
}
