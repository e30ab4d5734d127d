// @ts-check
// Two hours of use in minutes: the rows that signatures write, and the sweeps that delete them, five minutes of use at a time.
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../fleet.mjs'

const ROUNDS = 24
/** How long an operation is kept, in rounds: an hour and ten minutes by the package's defaults. */
export const KEPT = 14
const ROUND_MS = 5 * 60_000
/** Signatures of a wallet in a day. */
const A_DAY = 2
/** What a signature's response takes, sealed. */
const RESPONSE_BYTES = 12_000
const TABLES = ['reshare_operations', 'reshare_responses', 'reshare_decisions', 'reshare_sets']
/** Their names, or those of their partitions. */
const NAMES = `'^(${TABLES.join('|')})(_[0-9]+)?$'`

/** @typedef {{ round: number, signatures: number, seconds: number, bytes: number, setsBytes: number, dead: number, vacuums: number }} Round of the tables that signatures write to */

/**
 * @param {string} databaseUrl
 * @param {number} wallets
 * @param {number} responseMs that operations are kept after their end by the limits of this run
 * @param {(later: number) => Promise<void>} sweep by a clock that is later by milliseconds
 * @returns {Promise<Round[]>}
 */
export async function churn(databaseUrl, wallets, responseMs, sweep) {
  // Autovacuum looks once a minute by default, and these rounds pass in seconds.
  await ask(databaseUrl, `alter system set autovacuum_naptime = '2s'`)
  await ask(databaseUrl, 'select pg_reload_conf()')
  await ask(databaseUrl, 'vacuum analyze')
  await ask(
    databaseUrl,
    `create table template.noise as select decode(string_agg(md5(random()::text), ''), 'hex') as bytes
     from generate_series(1, ${(2 * RESPONSE_BYTES) / 16})`,
  )
  const signatures = Math.ceil((wallets * A_DAY * ROUND_MS) / (24 * 3_600_000))
  const began = Date.now()
  const rounds = []
  for (let round = 1; round <= ROUNDS; round++) {
    const start = performance.now()
    await sign(databaseUrl, { wallets, signatures, round, began })
    await sweep(began + (round - KEPT) * ROUND_MS + responseMs - Date.now())
    const seconds = (performance.now() - start) / 1000
    await untilVacuumed(databaseUrl, start + ROUND_MS)
    rounds.push({ round, signatures, seconds, ...(await look(databaseUrl)) })
  }
  return rounds
}

/** @param {string} databaseUrl @param {{ wallets: number, signatures: number, round: number, began: number }} what */
async function sign(databaseUrl, { wallets, signatures, round, began }) {
  const at = `to_timestamp(${(began + round * ROUND_MS) / 1000})`
  await ask(databaseUrl, 'drop table if exists template.signed')
  await ask(
    databaseUrl,
    `create table template.signed as
     select template.other(client_id, pick.n) as client_id, template.other(set_id, pick.n) as set_id,
       md5(random()::text || k) as operation_id
     from (select client_id, set_id from template.sets where purpose = 'signing' order by set_id limit 1) t,
       (select k, 1 + floor(random() * ${wallets})::int as n from generate_series(1, ${signatures}) k) pick`,
  )
  for (const sql of [
    `insert into reshare_operations (client_id, operation_id, kind, set_id, round, epoch, expires_at)
     select client_id, operation_id, 'sign', set_id, 1, 1, ${at} from template.signed`,
    `insert into reshare_responses (client_id, operation_id, round, request_hash, sealed)
     select client_id, operation_id, 1, decode(operation_id, 'hex'),
       substring(bytes from 1 + floor(random() * ${RESPONSE_BYTES})::int for ${RESPONSE_BYTES})
     from template.signed, template.noise`,
    `insert into reshare_decisions (client_id, operation_id, decision, decided_at)
     select client_id, operation_id, 'COMMIT', ${at} from template.signed`,
    `update reshare_sets set last_used_at = ${at} from template.signed where reshare_sets.set_id = signed.set_id`,
  ]) {
    await ask(databaseUrl, sql)
  }
}

/**
 * Waits while autovacuum has something to do, which in use has the whole five minutes of a round for it.
 *
 * @param {string} databaseUrl
 * @param {number} latest when a round of use would be over, by `performance.now()`
 */
async function untilVacuumed(databaseUrl, latest) {
  // A table of responses keeps them beside it (TOAST), with a vacuum of their own.
  const sql = `with named as (select oid, reltoastrelid from pg_class where relname ~ ${NAMES}),
      watched as (select oid from named union select reltoastrelid from named)
    select exists (select from pg_stat_progress_vacuum where relid in (select oid from watched))
      or exists (select from pg_stat_all_tables join pg_class on oid = relid
        where relid in (select oid from watched) and n_dead_tup > 50 + 0.2 * greatest(reltuples, 0)) as busy`
  while (performance.now() < latest) {
    const [{ busy }] = await ask(databaseUrl, sql)
    if (!busy) return
    await sleep(500)
  }
}

/** @param {string} databaseUrl */
async function look(databaseUrl) {
  const [row] = await ask(
    databaseUrl,
    `select sum(pg_total_relation_size(relid)) filter (where relname <> 'reshare_sets')::float8 as bytes,
       sum(pg_total_relation_size(relid)) filter (where relname = 'reshare_sets')::float8 as "setsBytes",
       sum(n_dead_tup)::int as dead, sum(autovacuum_count)::int as vacuums
     from pg_stat_user_tables where relname ~ ${NAMES}`,
  )
  return row
}
