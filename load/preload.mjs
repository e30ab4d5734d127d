// @ts-check
import { ask } from './fleet.mjs'

/** Rows of operations a wallet: about what a wallet does in the time that they are kept. */
const OPERATIONS = 3

/**
 * Fills the tables as years of use would: rows of other clients, which nobody asks for. Reads of a small table conflict
 * with writes next to them, so that a new database says little about one in use.
 *
 * @param {string} databaseUrl
 * @param {number} wallets
 */
export async function preload(databaseUrl, wallets) {
  const id = (/** @type {string} */ what, /** @type {string} */ of) => `md5('${what}' || ${of})`
  const set = `${id('set', 'n')} || ${id('half', 'n')}`
  const client = id('client', 'n')
  const wallet = `from generate_series(1, ${wallets}) n`
  const operation = `from generate_series(1, ${wallets}) n, generate_series(1, ${OPERATIONS}) m`
  const operationId = id('operation', `n || '/' || m`)
  const later = `now() + interval '1 day'`
  for (const sql of [
    `insert into reshare_wallets (client_id, wallet_id, created_at) select ${client}, ${id('wallet', 'n')}, now() ${wallet}`,
    `insert into reshare_sets (set_id, client_id, wallet_id, operation_id, purpose, state, label, record, created_at, committed_at)
     select ${set}, ${client}, ${id('wallet', 'n')}, ${id('operation', `n || '/1'`)}, 'signing', 'ACTIVE', '',
       decode(repeat('00', 180), 'hex'), now(), now() ${wallet}`,
    `insert into reshare_shares (set_id, sealed) select ${set}, decode(repeat(md5(n::text), 25), 'hex') ${wallet}`,
    `insert into reshare_operations (client_id, operation_id, kind, set_id, round, epoch, expires_at)
     select ${client}, ${operationId}, 'generate', null, 1, 1, ${later} ${operation}`,
    `insert into reshare_decisions (client_id, operation_id, decision, decided_at)
     select ${client}, ${operationId}, 'COMMIT', now() ${operation}`,
    `insert into reshare_responses (client_id, operation_id, round, request_hash, sealed)
     select ${client}, ${operationId}, 1, decode(md5(n::text), 'hex'), decode(repeat(md5(n::text), 10), 'hex') ${operation}`,
    'vacuum analyze',
  ]) {
    await ask(databaseUrl, sql)
  }
}
