import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockDirectory } from '../../src/service/database/directory-lock.ts'
import { createMigrate } from '../../src/service/database/migrate.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { readSchemaVersion } from '../../src/service/database/schema-version.ts'
import { retryConflicts } from '../../src/service/database/serialization.ts'
import type { Database, Schema } from '../../src/service/database/types.ts'
import { serverSchema } from '../../src/server/schema.ts'
import { thisOwner } from '../../src/util/node/owner.ts'
import { databaseKinds } from '../e2e/support/databases.ts'

describe.each(databaseKinds)('the adapter of $name', ({ name, open }) => {
  let database: Database
  beforeAll(async () => {
    database = await open()
    await database.query(
      'create table sample (id int primary key, bytes bytea, at timestamptz, flag boolean, text text)',
    )
  })
  afterAll(() => database.close())

  /** The same database as another process sees it: it has migrated nothing yet. */
  const reopen = () => ({ migrate: createMigrate(database) })

  test('gives back every kind of value as what it was', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z')
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const values = [1, bytes, at, true, "it's $1; drop"]
    const [row] = await database.query(
      'insert into sample (id, bytes, at, flag, text) values ($1, $2, $3, $4, $5) returning *',
      values,
    )
    expect(row).toEqual({ id: 1, bytes, at, flag: true, text: "it's $1; drop" })
    expect(Object.getPrototypeOf(row!['bytes'])).toBe(Uint8Array.prototype)
    const [empty] = await database.query('insert into sample (id, bytes) values (2, $1) returning *', [
      new Uint8Array(),
    ])
    expect(empty).toEqual({ id: 2, bytes: new Uint8Array(), at: null, flag: null, text: null })
  })

  test('a view of a larger buffer is stored as the view', async () => {
    const view = new Uint8Array([9, 8, 7, 6]).subarray(1, 3)
    const [row] = await database.query('insert into sample (id, bytes) values (3, $1) returning bytes', [view])
    expect(row).toEqual({ bytes: Uint8Array.of(8, 7) })
  })

  test('a transaction is serializable, gives its result, and changes nothing if it throws', async () => {
    const isolation = await database.transaction(async (tx) => {
      const [row] = await tx.query('show transaction_isolation')
      return row?.['transaction_isolation']
    })
    expect(isolation).toBe('serializable')
    const failing = database.transaction(async (tx) => {
      await tx.query('insert into sample (id) values (4)')
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    await expect(database.transaction((tx) => tx.query('insert into nowhere values (1)'))).rejects.toThrow('nowhere')
    expect(await database.query('select id from sample where id = 4')).toEqual([])
  })

  test('transactions that conflict are run again until each has counted', async () => {
    await database.query('insert into sample (id, text) values (5, $1)', ['0'])
    const increment = () =>
      database.transaction(async (tx) => {
        const [row] = await tx.query('select text from sample where id = 5')
        await tx.query('update sample set text = $1 where id = 5', [String(Number(row!['text']) + 1)])
      })
    await Promise.all(Array.from({ length: 5 }, increment))
    expect(await database.query('select text from sample where id = 5')).toEqual([{ text: '5' }])
  })

  // PGlite has one connection, so that nothing ever goes on beside a transaction.
  if (name === 'PostgreSQL') {
    test('transactions over different rows of a small table do not conflict', async () => {
      await database.query("insert into sample (id, text) values (6, ''), (7, '')")
      await database.query('analyze sample')
      let [reading, runs] = [2, 0]
      let allHaveRead: () => void
      const barrier = new Promise<void>((resolve) => (allHaveRead = resolve))
      const change = (id: number) =>
        database.transaction(async (tx) => {
          runs += 1
          await tx.query('select text from sample where id = $1', [id])
          if (--reading === 0) allHaveRead()
          await barrier
          await tx.query("update sample set text = 'x' where id = $1", [id])
        })
      await Promise.all([change(6), change(7)])
      expect(runs).toBe(2)
    })
  }

  test('migrations run in order, once, whoever starts first, and each schema by itself', async () => {
    const first: Schema = { component: 'custodian', oldest: 1, migrations: [['create table one (n int)']] }
    const next: Schema = {
      component: 'custodian',
      oldest: 2,
      migrations: [...first.migrations, ['alter table one add column m int', 'insert into one values (1, 2)']],
    }
    await Promise.all([database.migrate(first), reopen().migrate(first), reopen().migrate(serverSchema)])
    await database.migrate(first)
    expect(await database.query('select * from one')).toEqual([])
    await Promise.all([reopen().migrate(next), reopen().migrate(next)])
    expect(await database.query('select * from one')).toEqual([{ n: 1, m: 2 }])
    const versions = await database.query('select component, version from reshare_schema order by 1')
    expect(versions).toEqual([
      { component: 'custodian', version: 2 },
      { component: 'server', version: serverSchema.migrations.length },
    ])
    await expect(reopen().migrate(first)).rejects.toThrow('which needs processes of version 2 or later')
    await expect(readSchemaVersion(database, first)).rejects.toThrow('too old')
    expect(await readSchemaVersion(database, next)).toBe(2)
  })

  test('a process goes on with newer tables that do not leave it out, and changes nothing of them', async () => {
    const first: Schema = { component: 'custodian', oldest: 1, migrations: [[], []] }
    const next: Schema = { component: 'custodian', oldest: 2, migrations: [[], [], ['create table three (n int)']] }
    await Promise.all([reopen().migrate(next), reopen().migrate(first)])
    await reopen().migrate(first)
    const [row] = await database.query("select version, oldest from reshare_schema where component = 'custodian'")
    expect(row).toEqual({ version: 3, oldest: 2 })
    expect(await readSchemaVersion(database, first)).toBe(3)
    await reopen().migrate(next)
    expect(await database.query('select * from three')).toEqual([])
  })

  test('a table of versions that says nothing of older processes leaves them out', async () => {
    const first: Schema = { component: 'custodian', oldest: 1, migrations: [[]] }
    await database.query('alter table reshare_schema drop column oldest')
    await expect(reopen().migrate(first)).rejects.toThrow('which needs processes of version 3 or later')
    const same: Schema = { component: 'custodian', oldest: 2, migrations: [[], [], []] }
    await Promise.all([reopen().migrate(same), reopen().migrate(same)])
    const [row] = await database.query("select version, oldest from reshare_schema where component = 'custodian'")
    expect(row).toEqual({ version: 3, oldest: 2 })
  })

  test('sets and preprocessings go on being numbered beyond 32 bits', async () => {
    await database.migrate(serverSchema)
    for (const table of ['reshare_sets', 'reshare_preprocessings']) {
      await database.query(`select setval(pg_get_serial_sequence('${table}', 'ordinal'), 2147483647)`)
    }
    const [set] = await database.query(
      `insert into reshare_sets (set_id, client_id, wallet_id, operation_id, purpose, state, label, record, created_at)
       values ('many', 'ann', 'w', 'o', 'signing', 'ACTIVE', '', '', now()) returning ordinal::text`,
    )
    const [preprocessing] = await database.query(
      `insert into reshare_preprocessings (set_id, preprocessing_id, sealed, epoch, created_at, expires_at)
       values ('many', 'one', '', 1, now(), now()) returning ordinal::text`,
    )
    expect([set, preprocessing]).toEqual([{ ordinal: '2147483648' }, { ordinal: '2147483648' }])
  })

  test('a migration that fails changes nothing and is tried again', async () => {
    const empty = [[], [], []]
    const failing = [...empty, ['create table two (n int)', 'no sql']]
    const broken: Schema = { component: 'custodian', oldest: 1, migrations: failing }
    await expect(reopen().migrate(broken)).rejects.toThrow()
    await expect(database.query('select * from two')).rejects.toThrow('two')
    const mended: Schema = { component: 'custodian', oldest: 1, migrations: [...empty, ['create table two (n int)']] }
    await reopen().migrate(mended)
    expect(await database.query('select * from two')).toEqual([])
  })

  test('the database itself refuses to overwrite a share (invariant I1)', async () => {
    await database.migrate(serverSchema)
    await database.query(
      `insert into reshare_sets (set_id, client_id, wallet_id, operation_id, purpose, state, label, record, created_at)
       values ('s', 'c', 'w', 'o', 'signing', 'PREPARED', '', $1, $2)`,
      [new Uint8Array(), new Date(0)],
    )
    await database.query('insert into reshare_shares (set_id, sealed) values ($1, $2)', ['s', Uint8Array.of(1)])
    await expect(database.query('update reshare_shares set sealed = $1', [Uint8Array.of(2)])).rejects.toThrow(
      'a share row is never overwritten',
    )
    await database.query('delete from reshare_shares')
  })
})

describe('conflicts', () => {
  const conflict = (code: string) => Object.assign(new Error('conflict'), { code })

  test.each(['40001', '40P01'])('%s is tried again, but not for ever', async (code) => {
    let runs = 0
    await expect(
      retryConflicts(() => {
        runs += 1
        return Promise.reject(conflict(code))
      }),
    ).rejects.toThrow('conflict')
    expect(runs).toBe(12)
  })

  test('any other error ends it at once', async () => {
    let runs = 0
    const failing = retryConflicts(() => {
      runs += 1
      return Promise.reject(conflict('23505'))
    })
    await expect(failing).rejects.toThrow('conflict')
    expect(runs).toBe(1)
  })
})

describe('an embedded database on disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reshare-pglite-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('keeps what was written, opens once at a time, and is its owner’s only', async () => {
    const directory = join(folder, 'nested', 'data')
    const database = pgliteDatabase(directory)
    await database.query('create table kept (n int)')
    await database.query('insert into kept values (7)')
    expect(() => pgliteDatabase(directory)).toThrow('open in another process')
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    await database.close()
    const again = pgliteDatabase(directory)
    expect(await again.query('select n from kept')).toEqual([{ n: 7 }])
    await again.close()
  })

  test('one process holds it at a time; the claim of one that was killed is taken away', async () => {
    const directory = mkdtempSync(join(folder, 'lock-'))
    const program = join(folder, 'holder.mjs')
    const entry = fileURLToPath(new URL('lock-holder.node.ts', import.meta.url))
    await build({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', format: 'esm' })
    const children = Array.from({ length: 4 }, () => spawn(process.execPath, [program, directory]))
    try {
      const answers = await atOnce(children)
      expect(answers.filter((answer) => answer === 'held').length).toBeLessThanOrEqual(1)
      if (!answers.includes('held')) expect(readdirSync(directory)).toEqual([])
      else expect(() => lockDirectory(directory)).toThrow('open in another process')
    } finally {
      await Promise.all(children.map(kill))
    }
    const unlock = lockDirectory(directory)
    expect(readdirSync(directory)).toHaveLength(1)
    expect(() => lockDirectory(directory)).toThrow('open in another process')
    unlock()
    unlock()
    expect(readdirSync(directory)).toEqual([])
  })

  test('a claim from another container counts, also under this very process number', () => {
    const directory = mkdtempSync(join(folder, 'lock-'))
    const [host, boot, , pid, start] = thisOwner().split('-')
    const claim = join(directory, `lock-${host}-${boot}-1-${pid}-${start}-${'0'.repeat(16)}`)
    writeFileSync(claim, '')
    expect(() => lockDirectory(directory)).toThrow(claim)
    expect(readdirSync(directory)).toHaveLength(1)
    rmSync(claim)
    lockDirectory(directory)()
  })
})

/** Lets all go at the same moment. */
async function atOnce(children: readonly ChildProcessWithoutNullStreams[]): Promise<string[]> {
  const lines = children.map((child) => createInterface(child.stdout)[Symbol.asyncIterator]())
  await Promise.all(lines.map((line) => line.next()))
  for (const child of children) child.stdin.write('go\n')
  return Promise.all(lines.map(async (line) => String((await line.next()).value)))
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  if (child.kill('SIGKILL')) await gone
}
