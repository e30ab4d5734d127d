// @ts-check
// --partitions N: lays tables out as hash partitions by client_id, where their keys allow it.
import { withClient } from './client.mjs'
import { readKeys } from './keys.mjs'

/**
 * Each of their keys has client_id, and no foreign key refers to them. Of the other large tables, `reshare_tokens` and
 * `reshare_sets` have keys without it, and `reshare_shares`, `reshare_ot_states`, `reshare_retirements` and
 * `reshare_preprocessings` refer to such a key and have no client_id.
 */
export const PARTITIONED = [
  ...['reshare_wallets', 'reshare_devices', 'reshare_custodian_records', 'reshare_operations', 'reshare_responses'],
  ...['reshare_decisions', 'reshare_audit', 'reshare_audit_heads'],
]

/** @param {string} databaseUrl @param {number} count */
export function partition(databaseUrl, count) {
  return withClient(databaseUrl, async (client) => {
    // Partitions are out of the way of whoever looks for tables by their names.
    await client.query('create schema partitions')
    for (const table of PARTITIONED) {
      await client.query('begin')
      await client.query(`lock table ${table} in access exclusive mode`)
      const keys = await readKeys(client, [table])
      const triggers = await client.query(
        `select pg_get_triggerdef(oid) as make from pg_trigger where tgrelid = $1::regclass and not tgisinternal`,
        [table],
      )
      await client.query(`alter table ${table} rename to whole`)
      await client.query(
        `create table ${table} (like whole including defaults including constraints) partition by hash (client_id)`,
      )
      for (let i = 0; i < count; i++) {
        await client.query(
          `create table partitions.${table}_${i} partition of ${table} for values with (modulus ${count}, remainder ${i})`,
        )
      }
      await client.query(`insert into ${table} select * from whole`)
      await client.query('drop table whole')
      for (const { make } of keys) await client.query(make)
      for (const { make } of triggers.rows) await client.query(make)
      await client.query('commit')
    }
  })
}
