// @ts-check
// What an action leaves in the tables for ever, once everything else is swept away.
import { bytesOf } from '../database.mjs'
import { ask } from '../fleet.mjs'

/** @type {readonly import('../actions.mjs').Action[]} */
const ACTIONS = ['sign ed25519', 'sign ecdsa', 'recover, keep', 'refresh', 'back up']

/** How often a user does each in a year, for the sum. @type {Readonly<Record<string, number>>} */
export const YEAR = { 'sign ed25519': 300, 'sign ecdsa': 300, 'recover, keep': 1, refresh: 4, 'back up': 1 }

/** @typedef {{ action: string, rows: Record<string, number>, bytes: number }} Kept rows by table and bytes of one action */

/**
 * @param {import('../fleet.mjs').Fleet} fleet
 * @param {import('../options.mjs').Options} options
 * @param {import('./template.mjs').Template} template
 * @param {number} wallets that are filled in
 * @param {() => Promise<void>} sweep of all that has expired
 */
export async function measureGrowth({ databaseUrl, drivers }, { clients }, template, wallets, sweep) {
  const [driver] = /** @type {[import('../processes.mjs').Slot]} */ (drivers)
  const sizes = await rowSizes(databaseUrl, wallets)
  const own = await ownClients(databaseUrl)
  sizes['reshare_ot_states'] = (sizes['reshare_ot_states'] ?? 0) + template.setupBytes
  /** @type {Kept[]} */
  const kept = []
  await sweep()
  for (const action of ACTIONS) {
    const before = await countRows(databaseUrl, own)
    await driver.call('repeat', { action, count: clients, spread: true })
    await sweep()
    const after = await countRows(databaseUrl, own)
    const rows = Object.fromEntries(
      Object.entries(after)
        .map(([table, count]) => /** @type {const} */ ([table, (count - (before[table] ?? 0)) / clients]))
        .filter(([, count]) => count !== 0),
    )
    const bytes = Object.entries(rows).reduce((sum, [table, count]) => sum + count * (sizes[table] ?? 0), 0)
    kept.push({ action, rows, bytes })
  }
  const perWallet = await ask(
    databaseUrl,
    `select sum(pg_total_relation_size(oid))::float8 / ${wallets} as bytes from pg_class where relkind = 'r' and relname like 'reshare_%'`,
  )
  const setups = 2 * template.setupBytes
  const year = kept.reduce((sum, { action, bytes }) => sum + (YEAR[action] ?? 0) * bytes, 0)
  return { sizes, kept, walletBytes: Number(perWallet[0]?.bytes) + setups, year }
}

/** Bytes a row, with indexes. @param {string} databaseUrl @param {number} wallets @returns {Promise<Record<string, number>>} */
async function rowSizes(databaseUrl, wallets) {
  const rows = await ask(
    databaseUrl,
    `select relname as name, ${bytesOf('oid')} / greatest(reltuples, 1) as bytes from pg_class
     where relkind in ('r', 'p') and relname like 'reshare_%' and reltuples >= ${wallets} and pg_table_is_visible(oid)`,
  )
  return Object.fromEntries(rows.map(({ name, bytes }) => [name, bytes]))
}

/** SQL condition: the rows of this run's clients, which are named by UUIDs. @param {string} databaseUrl */
async function ownClients(databaseUrl) {
  const rows = await ask(databaseUrl, `select distinct client_id from reshare_tokens where client_id like '%-%'`)
  return `client_id in (${rows.map(({ client_id: id }) => `'${id}'`).join(', ')})`
}

/** Rows of this run's clients, by table. @param {string} databaseUrl @param {string} own @returns {Promise<Record<string, number>>} */
async function countRows(databaseUrl, own) {
  const tables = ['sets', 'devices', 'decisions', 'audit', 'custodian_records', 'operations', 'responses']
  const bySet = ['shares', 'ot_states', 'retirements', 'preprocessings']
  const counts = [
    ...tables.map(
      (name) => `select 'reshare_${name}' as name, count(*)::int as count from reshare_${name} where ${own}`,
    ),
    ...bySet.map(
      (name) => `select 'reshare_${name}' as name, count(*)::int as count from reshare_${name}
        where set_id in (select set_id from reshare_sets where ${own})`,
    ),
  ]
  const rows = await ask(databaseUrl, counts.join(' union all '))
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]))
}
