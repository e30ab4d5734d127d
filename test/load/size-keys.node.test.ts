import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type pg from 'pg'
import { connect } from '../../load/size/client.mjs'
import { dropKeys, makeKeys, readKeys } from '../../load/size/keys.mjs'
import { PARTITIONED, partition } from '../../load/size/partitions.mjs'
import { FILLED } from '../../load/size/tables.mjs'
import { createServer, verifyAuditLog } from '../../src/server/index.ts'
import { postgresDatabase } from '../../src/service/database/postgres.ts'
import { createPostgres, databaseKinds } from '../e2e/support/databases.ts'

const MASTER_KEY = new Uint8Array(32).fill(7)

describe.skipIf(databaseKinds.length < 2)('tables that are filled by the load, on PostgreSQL', () => {
  let database: Awaited<ReturnType<typeof createPostgres>>
  let client: pg.Client
  beforeEach(async () => {
    database = await createPostgres()
    await useServer()
    client = await connect(database.url)
  })
  afterEach(async () => {
    await client.end()
    await database.drop()
  })

  async function useServer(): Promise<void> {
    const opened = postgresDatabase(database.url)
    const server = createServer({ database: opened, masterKey: MASTER_KEY, authenticate: () => undefined })
    await server.sweep()
    expect((await server.rotate()).remaining).toBe(0)
    expect((await verifyAuditLog({ database: opened, masterKey: MASTER_KEY })).breaks).toEqual([])
    await opened.close()
  }
  const make = (keys: Awaited<ReturnType<typeof dropKeys>>) =>
    makeKeys(keys, async (list, work) => {
      for (const one of list) await work(client, one)
    })

  test.each([0, 3])('keys and indexes are dropped and made again as they were: %i partitions', async (count) => {
    if (count > 0) await partition(database.url, count)
    const before = await readKeys(client, FILLED)
    expect(before.filter(({ isForeign }) => isForeign).length).toBeGreaterThan(3)
    const dropped = await dropKeys(client, FILLED)
    expect(await readKeys(client, FILLED)).toEqual([])
    await make(dropped)
    expect(await readKeys(client, FILLED)).toEqual(before)
    const { rows } = await client.query('select 1 from pg_index where not indisvalid')
    expect(rows).toEqual([])
  })

  test('rows that violate a key or a foreign key are refused', async () => {
    const token = `insert into reshare_tokens (token_hash, client_id, created_at) values ('\\x01', 'ann', now())`
    // As those who write the copies.
    await client.query('set session_replication_role = replica')
    const share = `insert into reshare_shares (set_id, sealed) values ('of no set', '\\x01')`
    for (const [sql, code] of [
      [token, '23505'],
      [share, '23503'],
    ] as const) {
      const dropped = await dropKeys(client, FILLED)
      await client.query(sql)
      if (sql === token) await client.query(sql)
      await expect(make(dropped)).rejects.toMatchObject({ code })
      await client.query('delete from reshare_tokens')
      await client.query('delete from reshare_shares')
      // What was made before the refusal, too.
      await dropKeys(client, FILLED)
      await make(dropped)
    }
  })

  test('partitions are of all rows, with the triggers of the table, and the server goes on', async () => {
    const triggers = `select tgname from pg_trigger join pg_class on pg_class.oid = tgrelid
      where not tgisinternal and tgparentid = 0 and pg_table_is_visible(tgrelid) order by 1`
    const before = (await client.query(triggers)).rows
    await client.query(`insert into reshare_wallets select n::text, n::text, now() from generate_series(1, 100) n`)
    await partition(database.url, 3)
    expect((await client.query(triggers)).rows).toEqual(before)
    for (const table of PARTITIONED) {
      const { rows } = await client.query(`select inhrelid from pg_inherits where inhparent = '${table}'::regclass`)
      expect(rows).toHaveLength(3)
    }
    const { rows } = await client.query(
      `select tableoid, count(*)::int as count from reshare_wallets group by tableoid`,
    )
    expect(rows).toHaveLength(3)
    await expect(client.query('delete from reshare_audit')).rejects.toThrow('only added to')
    await useServer()
  })
})
