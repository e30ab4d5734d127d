// @ts-check
// How many bytes PostgreSQL logs for a signature, and how many of them are for indexes that were added later.
import { serverSchema } from '../../dist/server/schema.js'
import { ask } from '../fleet.mjs'

/** @type {readonly import('../actions.mjs').Action[]} */
const ACTIONS = ['sign ed25519', 'sign ecdsa']
/** How often each client signs. */
const TIMES = 4

/** Bytes a signature. @typedef {{ action: string, all: number, without: number }} Write */

/**
 * @param {import('../fleet.mjs').Fleet} fleet
 * @param {import('../options.mjs').Options} options
 * @returns {Promise<{ indexes: string[], writes: Write[] }>} the indexes of migrations after the first
 */
export async function measureWrites({ databaseUrl, drivers }, { clients }) {
  const [driver] = /** @type {[import('../processes.mjs').Slot]} */ (drivers)
  const indexes = serverSchema.migrations
    .slice(1)
    .flat()
    .flatMap((sql) => /^create index if not exists (\w+)/.exec(sql)?.[1] ?? [])
  const measure = async () => {
    const bytes = []
    for (const action of ACTIONS) {
      const sign = (/** @type {number} */ count) => driver.call('repeat', { action, count, spread: true })
      // The first change of a page after a checkpoint logs all of it.
      await sign(clients)
      bytes.push((await logged(databaseUrl, () => sign(TIMES * clients))) / (TIMES * clients))
    }
    return bytes
  }
  const all = await measure()
  const definitions = await ask(
    databaseUrl,
    `select indexdef from pg_indexes where indexname in (${indexes.map((name) => `'${name}'`).join(', ')})`,
  )
  for (const name of indexes) await ask(databaseUrl, `drop index ${name}`)
  const without = await measure()
  for (const { indexdef } of definitions) await ask(databaseUrl, indexdef)
  return { indexes, writes: ACTIONS.map((action, i) => ({ action, all: all[i] ?? 0, without: without[i] ?? 0 })) }
}

/** The bytes that PostgreSQL has logged (WAL) meanwhile. @param {string} databaseUrl @param {() => Promise<unknown>} work */
export async function logged(databaseUrl, work) {
  const position = async () => {
    const [row] = await ask(databaseUrl, `select (pg_current_wal_insert_lsn() - '0/0')::float8 as bytes`)
    return row.bytes
  }
  const before = await position()
  await work()
  return (await position()) - before
}
