import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { paths } from '../../src/api/paths.ts'
import { ChainReader } from '../../src/server/audit/chain.ts'
import { encodeEntry, entryHash, GENESIS, type AuditEntry, type AuditEvent } from '../../src/server/audit/entry.ts'
import { newHistory, playEntry } from '../../src/server/audit/history.ts'
import { createAuditLog } from '../../src/server/audit/log.ts'
import { createMigrate } from '../../src/server/database/migrate.ts'
import { pgliteDatabase } from '../../src/server/database/pglite.ts'
import type { SqlValue } from '../../src/server/database/types.ts'
import { verifyAuditLog, type AuditHead } from '../../src/server/index.ts'
import { serverSchema } from '../../src/server/schema.ts'
import { toHex } from '../../src/util/bytes.ts'
import { createSealer } from '../../src/util/seal.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { abortOperation, confirmSet, play, retireSet, type ServerClient } from '../support/server-client.ts'
import { cheat } from './support/ecdsa.ts'
import { backup, newBackup, newWallet, prove, recover, setIdOf, signEcdsa } from './support/wallets.ts'
import { createWorld, MASTER_KEY, type World } from './support/world.ts'

const masterKey = MASTER_KEY.slice(0, 32)
const HOUR = 60 * 60_000

let world: World
beforeAll(async () => {
  world = createWorld(pgliteDatabase(), seededRandom())
  await world.server().sweep()
})
afterAll(() => world.database.close())

const verify = (heads?: readonly AuditHead[]) =>
  verifyAuditLog({ database: world.database, masterKey, ...(heads && { heads }) })
const query = (sql: string, parameters: SqlValue[] = []) => world.database.query(sql, parameters)

/** The events of a client in their order, as `event detail`. */
async function eventsOf({ clientId }: ServerClient): Promise<string[]> {
  const rows = await query('select event, detail from reshare_audit where client_id = $1 order by sequence', [clientId])
  return rows.map(({ event, detail }) => `${event as string} ${detail as string}`.trim())
}

describe('what is logged', () => {
  test('a wallet from its making to the end of its first set', async () => {
    const client = world.client()
    const phone = await newWallet(client)
    const half = await newBackup(client, phone)
    const unconfirmed = setIdOf((await play(backup(client, phone))).prepared[0]!)
    const laptop = (await play(recover(client, half, { existingSets: 'retire' }))).prepared[0]!
    await play(prove(client, laptop))
    await play(prove(client, laptop))
    expect(await eventsOf(client)).toEqual([
      'prepared generate',
      'activated generate',
      'prepared backup',
      'committed backup',
      'confirmed',
      'prepared backup',
      'committed backup',
      'recoveryBegun',
      'prepared recover',
      'activated recover',
      'proven',
      `destroyed ${setIdOf(laptop)}`,
      `retiring ${setIdOf(laptop)}`,
      'destroyed',
    ])
    const ended = await query(`select set_id from reshare_audit where client_id = $1 and event = 'destroyed'`, [
      client.clientId,
    ])
    expect(ended.map((row) => row['set_id'])).toEqual([unconfirmed, setIdOf(phone.signing)])
    expect((await verify()).breaks).toEqual([])
  })

  test('backups that take the place of others, a set retired by hand, an abort, a dry run', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const older = await newBackup(client, wallet)
    const newer = await newBackup(client, wallet)
    const started = backup(client, wallet)
    started.take(await started.post())
    await started.post()
    await abortOperation(client, started.operationId)
    await play(recover(client, newer, { dryRun: true }))
    await retireSet(client, setIdOf(wallet.signing))
    await retireSet(client, setIdOf(wallet.signing))
    await confirmSet(client, setIdOf(newer))
    expect((await eventsOf(client)).slice(5)).toEqual([
      'prepared backup',
      'committed backup',
      'confirmed',
      `destroyed ${setIdOf(newer)}`,
      'prepared backup',
      'aborted',
      'recoveryBegun dryRun',
      'retiring',
      'destroyed',
    ])
    expect(await query(`select set_id from reshare_audit where detail = $1`, [setIdOf(newer)])).toEqual([
      { set_id: setIdOf(older) },
    ])
    expect((await verify()).breaks).toEqual([])
  })

  test('a ban, once, by the process that banned or by the sweep after it', async () => {
    const bans = async (client: ServerClient) =>
      (await eventsOf(client)).filter((event) => event.startsWith('poisoned'))
    const banned = async () => {
      const client = world.client()
      const wallet = await newWallet(client)
      const operation = signEcdsa(client, wallet)
      operation.take(await operation.post())
      cheat(operation)
      await operation.post()
      return { client, wallet }
    }
    const { client, wallet } = await banned()
    expect(await bans(client)).toEqual(['poisoned 1'])

    const { database } = world
    const silent = world.server({
      database: {
        ...database,
        transaction: (work) =>
          database.transaction((tx) =>
            work({
              query: (sql, parameters) => {
                if (sql.includes('set ban_logged')) throw new Error('the process has ended')
                return tx.query(sql, parameters)
              },
            }),
          ),
      },
    })
    const other = world.client([silent])
    const set = await newWallet(other)
    const operation = signEcdsa(other, set)
    operation.take(await operation.post())
    cheat(operation)
    await operation.post()
    expect(await bans(other)).toEqual([])
    expect((await verify()).breaks).toEqual([])
    world.errors.length = 0
    await world.server().sweep()
    await world.server().sweep()
    expect([await bans(other), await bans(client)]).toEqual([['poisoned 1'], ['poisoned 1']])
    expect((await verify()).breaks).toEqual([])

    // Who takes a ban back is seen.
    await query('update reshare_ot_pairs set poisoned = false where set_id = $1', [setIdOf(wallet.signing)])
    expect((await verify()).breaks).toMatchObject([{ reason: 'DISAGREES', message: expect.stringContaining('banned') }])
    await query('update reshare_ot_pairs set poisoned = true where set_id = $1', [setIdOf(wallet.signing)])
  })

  test('a lock-out, and that it was taken back', async () => {
    const lockOut = { failures: 1, withinMs: HOUR, lockedMs: HOUR }
    const client = world.client([world.server({ limits: { rates: null, lockOut } })])
    const wallet = await newWallet(client)
    const operation = prove(client, { ...wallet.signing, shares: (await newWallet(client)).signing.shares })
    operation.take(await operation.post())
    await operation.post()
    expect((await eventsOf(client)).at(-1)).toMatch(/^lockedOut \d{4}-/)
  })

  test('nothing, where its key does not open; what changes no set goes on', async () => {
    const stranger = world.client([world.server({ masterKey: { current: { id: 9, key: masterKey } } })])
    await expect(newWallet(stranger)).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
    expect(await query('select 1 from reshare_sets where client_id = $1', [stranger.clientId])).toEqual([])
    const { status } = await stranger.send('GET', paths.sets('00'.repeat(16)))
    expect(status).toBe(401)
  })

  test('only what is added: the database refuses to change or remove anything of it', async () => {
    for (const table of ['reshare_audit', 'reshare_audit_heads', 'reshare_audit_key']) {
      await expect(query(`delete from ${table}`)).rejects.toThrow('only added to')
      await expect(query(`truncate ${table}`)).rejects.toThrow('only added to')
    }
    for (const change of [
      `reshare_audit set detail = 'another'`,
      `reshare_audit_heads set sequence = sequence - 1`,
      `reshare_audit_heads set client_id = 'another'`,
      `reshare_audit_key set sealed = sealed || sealed`,
      `reshare_audit_key set sealed = set_byte(sealed, 40, 0)`,
    ]) {
      await expect(query(`update ${change}`)).rejects.toThrow('only added to')
    }
  })
})

test('an entry is hashed as docs/wire.md shows', () => {
  const document = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8')
  const shown = (name: string) =>
    new RegExp(`^\`\`\`hex ${name}\n([^\`]*)`, 'm').exec(document)?.[1]?.replace(/#.*$/gm, '').replace(/\s/g, '')
  const entry: AuditEntry = {
    clientId: 'ann',
    sequence: 1,
    at: new Date('2026-01-02T03:04:05.678Z'),
    incarnation: 1,
    event: 'prepared',
    walletId: '000102030405060708090a0b0c0d0e0f',
    setId: 'ab'.repeat(32),
    operationId: '101112131415161718191a1b1c1d1e1f',
    detail: 'generate',
  }
  expect(toHex(encodeEntry(GENESIS, entry))).toBe(shown('audit-entry'))
  expect(toHex(entryHash(new Uint8Array(32).fill(7), GENESIS, entry))).toBe(shown('audit-entry-hash'))
})

/** Somebody who may do anything to the database, and has no key. */
describe('what is noticed', () => {
  const TABLES = ['reshare_audit', 'reshare_audit_heads', 'reshare_sets']
  let victim: string
  let other: string
  let setId: string
  let backupId: string
  let heads: readonly AuditHead[]
  beforeAll(async () => {
    const client = world.client()
    victim = client.clientId
    const wallet = await newWallet(client)
    setId = setIdOf(wallet.signing)
    backupId = setIdOf(await newBackup(client, wallet))
    await retireSet(client, setId)
    other = world.client().clientId
    await newWallet(world.client(undefined, other))
    heads = (await verify()).heads
    for (const table of TABLES) await query(`create table kept_${table} as table ${table}`)
  })

  /** Undoes a change when it has been judged. */
  async function changing<T>(judge: () => Promise<T>): Promise<T> {
    // No trigger, and no foreign key, stops whoever owns the database.
    for (const table of TABLES) await query(`alter table ${table} disable trigger all`)
    try {
      return await judge()
    } finally {
      for (const table of TABLES) {
        await query(`delete from ${table}`)
        await query(`insert into ${table} overriding system value table kept_${table}`)
        await query(`alter table ${table} enable trigger all`)
      }
    }
  }

  const after = (changes: readonly string[], known?: readonly AuditHead[]) =>
    changing(async () => {
      for (const change of changes)
        await query(change.replaceAll('$victim', `'${victim}'`).replaceAll('$set', `'${setId}'`))
      return (await verify(known)).breaks
    })
  const ofVictim = (reason: string, sequence: number) => [
    expect.objectContaining({ reason, clientId: victim, sequence }),
  ]
  const entry = (sequence: number) => `client_id = $victim and sequence = ${sequence}`

  test('nothing where nothing was changed, from the beginning or from heads that were known', async () => {
    const { chains, entries, breaks } = await verify(heads)
    const [row] = await query(
      'select count(*)::int as entries, count(distinct client_id)::int as chains from reshare_audit',
    )
    expect([{ chains, entries }, breaks]).toEqual([row, []])
    const [own] = heads.filter(({ clientId }) => clientId === victim)
    expect(own).toEqual({ clientId: victim, sequence: 7, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(heads[0]).toMatchObject({ clientId: '', sequence: 1 })
  })

  test.each([
    `at = at + interval '1 second'`,
    'incarnation = 2',
    `event = 'confirmed'`,
    `wallet_id = ''`,
    `set_id = repeat('ab', 32)`,
    `operation_id = ''`,
    `detail = 'another'`,
    'hash = set_byte(hash, 31, 255 - get_byte(hash, 31))',
  ])('an entry that was changed: %s', async (change) => {
    expect(await after([`update reshare_audit set ${change} where ${entry(2)}`])).toEqual(ofVictim('ALTERED', 2))
  })

  test('an entry that was removed, with and without those after it moved up', async () => {
    const removed = `delete from reshare_audit where ${entry(3)}`
    expect(await after([removed])).toEqual(ofVictim('MISSING', 3))
    const moved = [4, 5, 6, 7].map((n) => `update reshare_audit set sequence = ${n - 1} where ${entry(n)}`)
    expect(await after([removed, ...moved])).toEqual(ofVictim('ALTERED', 3))
    expect(await after([`delete from reshare_audit where ${entry(1)}`])).toEqual(ofVictim('MISSING', 1))
  })

  test('entries that changed places, came twice, or are of another chain', async () => {
    const move = (from: number, to: number) => `update reshare_audit set sequence = ${to} where ${entry(from)}`
    expect(await after([move(2, 99), move(3, 2), move(99, 3)])).toEqual(ofVictim('ALTERED', 2))
    const again = `insert into reshare_audit select client_id, 8, at, incarnation, event, wallet_id, set_id, operation_id,
      detail, hash from reshare_audit where ${entry(7)}`
    expect(await after([again])).toEqual(ofVictim('ALTERED', 8))
    const foreign = `update reshare_audit set client_id = $victim where client_id = '${other}' and sequence = 1`
    expect(await after([`delete from reshare_audit where ${entry(1)}`, foreign])).toEqual(
      expect.arrayContaining([
        ...ofVictim('ALTERED', 1),
        expect.objectContaining({ clientId: other, reason: 'MISSING' }),
      ]),
    )
  })

  test('an end that was cut off, if the sets or a known head say that there was more', async () => {
    const cut = `delete from reshare_audit where client_id = $victim and sequence > 5`
    expect(await after([cut])).toEqual(ofVictim('MISSING', 6))
    const back = `update reshare_audit_heads set sequence = 5, hash =
      (select hash from reshare_audit where ${entry(5)}) where client_id = $victim`
    expect(await after([cut, back])).toEqual(ofVictim('DISAGREES', 0))
    const revived = `update reshare_sets set state = 'ACTIVE' where set_id = $set`
    // Nothing in the database is wrong then: only who kept a head knows.
    expect(await after([cut, back, revived])).toEqual([])
    expect(await after([cut, back, revived], heads)).toEqual(ofVictim('TRUNCATED', 6))
  })

  test('a client that was removed with all that is its own, by a known head', async () => {
    const gone = TABLES.map((table) => `delete from ${table} where client_id = $victim`)
    expect(await after(gone)).toEqual([])
    expect(await after(gone, heads)).toEqual(ofVictim('TRUNCATED', 1))
  })

  test('the record of an end that was changed or removed', async () => {
    const change = (what: string) => [`update reshare_audit_heads set ${what} where client_id = $victim`]
    expect(await after(change('sequence = 8'))).toEqual(ofVictim('MISSING', 8))
    expect(await after(change('hash = set_byte(hash, 0, 255 - get_byte(hash, 0))'))).toEqual(ofVictim('ALTERED', 7))
    expect(await after(['delete from reshare_audit_heads where client_id = $victim'])).toEqual(ofVictim('ALTERED', 7))
  })

  test('a chain that was written anew with another key, and one that was another when its head was kept', async () => {
    const rows = await query('select * from reshare_audit where client_id = $1 order by sequence', [victim])
    let hash: Uint8Array = GENESIS
    const forged = rows.map((row) => {
      const text = (name: string) => row[name] as string
      hash = entryHash(new Uint8Array(32), hash, {
        clientId: victim,
        sequence: row['sequence'] as number,
        at: row['at'] as Date,
        incarnation: 1,
        event: text('event'),
        walletId: text('wallet_id'),
        setId: text('set_id'),
        operationId: text('operation_id'),
        detail: text('detail'),
      } satisfies AuditEntry)
      return `update reshare_audit set hash = '\\x${toHex(hash)}' where ${entry(row['sequence'] as number)}`
    })
    const head = `update reshare_audit_heads set hash = '\\x${toHex(hash)}' where client_id = $victim`
    expect(await after([...forged, head])).toEqual(ofVictim('ALTERED', 1))
    const another = { clientId: victim, sequence: 4, hash: 'ab'.repeat(32) }
    expect(await after([], [another])).toEqual(ofVictim('ALTERED', 4))
  })

  test.each([
    [`state = 'ACTIVE' where set_id = $set`, 'is ACTIVE in the database and DESTROYED in the log'],
    [`committed_at = null where set_id = $set`, 'is committed in the log only'],
    [`proven_at = created_at where set_id = $set`, 'is proven in the database only'],
    [`exported_at = created_at where set_id = $set`, 'is exported in the database only'],
    [`client_id = '' where set_id = $set`, 'is in the log only'],
  ])('a set that was changed: %s', async (change, message) => {
    expect(await after([`update reshare_sets set ${change}`])).toEqual(
      expect.arrayContaining([
        { reason: 'DISAGREES', clientId: victim, sequence: 0, message: `set ${setId} ${message}` },
      ]),
    )
  })

  test('a set that somebody has added, whether or not it passes for older than the log', async () => {
    const { database } = world
    const columns = (
      await database.query(
        `select string_agg(column_name, ', ') as list from information_schema.columns
       where table_name = 'reshare_sets' and column_name not in ('set_id', 'logged', 'ordinal')`,
      )
    )[0]?.['list'] as string
    const added = (logged: boolean) =>
      `insert into reshare_sets (set_id, logged, ${columns})
       select 'added', ${logged}, ${columns} from reshare_sets where set_id = '${backupId}'`
    expect(await after([added(true)])).toEqual(ofVictim('UNLOGGED', 0))
    expect(await after([added(false)])).toMatchObject([{ reason: 'UNLOGGED', clientId: '' }])
  })

  test('a log without its beginning', async () => {
    const server = `client_id = ''`
    expect(
      await after([`delete from reshare_audit where ${server}`, `delete from reshare_audit_heads where ${server}`]),
    ).toEqual([expect.objectContaining({ reason: 'MISSING', clientId: '', sequence: 1 })])
  })

  test('what cannot have happened, though the server has written it', async () => {
    const client = world.client()
    const { signing, walletId } = await newWallet(client)
    const write = async (event: AuditEvent['event']) => {
      const audit = createAuditLog({
        database: world.database,
        sealer: createSealer(masterKey, world.random),
        random: world.random,
        now: Date.now,
      })
      await audit.open()
      await world.database.transaction((tx) =>
        audit.record(tx, client.clientId, [{ event, walletId, setId: setIdOf(signing) }]),
      )
    }
    await write('aborted')
    expect((await verify()).breaks).toEqual([
      {
        reason: 'IMPOSSIBLE',
        clientId: client.clientId,
        sequence: 3,
        message: `set ${setIdOf(signing)} cannot have been aborted then`,
      },
    ])
  })

  test('wrong arguments, and a key that opens nothing', async () => {
    for (const wrong of [{}, [{}], [null], [{ clientId: '', sequence: 1, hash: 'AB'.repeat(32) }]]) {
      await expect(verify(wrong as unknown as AuditHead[])).rejects.toThrow(TypeError)
    }
    const verifying = verifyAuditLog({ database: world.database, masterKey: new Uint8Array(32) })
    await expect(verifying).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
  })
})

describe('what cannot come after what the log has told', () => {
  const entry = (event: string, detail = ''): AuditEntry => ({
    ...{ clientId: 'ann', sequence: 1, at: new Date(0), incarnation: 1, event, detail },
    ...{ walletId: '', setId: 'set', operationId: '' },
  })
  const plays = (...events: string[]) => {
    const history = newHistory()
    return events.map((text) => playEntry(history, entry(...(text.split(':') as [string, string]))))
  }

  test.each([
    ['a set that was made twice', ['prepared', 'prepared']],
    ['one that was found after it was made', ['prepared', 'found:PREPARED']],
    ['one that was found in another state', ['retiring', 'found:ACTIVE']],
    ['a proof of a set that does not sign yet', ['prepared', 'proven']],
    ['an end of a set that has ended', ['prepared', 'activated', 'retiring', 'destroyed', 'retiring']],
    ['a backup that was committed twice', ['prepared', 'committed', 'committed']],
    ['an abort of what was committed', ['prepared', 'committed', 'aborted']],
    ['a confirmation of what was not', ['prepared', 'confirmed']],
  ])('%s', (_, events) => {
    expect(plays(...events)).toEqual(events.map((_event, i) => i < events.length - 1))
  })

  test('an entry of an earlier life of the database', () => {
    const key = new Uint8Array(32)
    const chain = new ChainReader('ann', key, [])
    let hash: Uint8Array = GENESIS
    for (const [i, incarnation] of [2, 1].entries()) {
      const one = { ...entry('recoveryBegun'), sequence: i + 1, incarnation }
      hash = entryHash(key, hash, one)
      chain.read({
        ...{ client_id: 'ann', sequence: i + 1, at: one.at, incarnation, event: one.event, hash },
        ...{ wallet_id: '', set_id: 'set', operation_id: '', detail: '' },
      })
    }
    expect(chain.broken).toMatchObject({ reason: 'IMPOSSIBLE', sequence: 2 })
  })
})

describe('many at once make one unbroken chain', () => {
  const makeMany = async (busy: World) => {
    const client = busy.client([busy.server(), busy.server()])
    await Promise.all(Array.from({ length: 3 }, () => newWallet(client)))
    const { heads } = await verifyAuditLog({ database: busy.database, masterKey })
    expect(heads).toContainEqual(expect.objectContaining({ clientId: client.clientId, sequence: 2 * 3 }))
    expect(busy.errors).toEqual([])
  }

  test('on PGlite', () => makeMany(world))

  test.skipIf(databaseKinds.length === 1)('on PostgreSQL', async () => {
    const busy = createWorld(await databaseKinds[1]!.open(), seededRandom())
    await makeMany(busy)
    await busy.database.close()
  })
})

test('a database from before the log: its sets are found, and none after them', async () => {
  const database = pgliteDatabase()
  const old = createWorld(database, seededRandom())
  const version = serverSchema.migrations.findIndex((migration) => migration.join().includes('reshare_audit'))
  await createMigrate(database)({ ...serverSchema, migrations: serverSchema.migrations.slice(0, version) })
  const insert = (setId: string, state: string) =>
    database.query(
      `insert into reshare_sets (set_id, client_id, wallet_id, operation_id, purpose, state, label, record, created_at,
         committed_at, proven_at) values ($1, 'ann', 'w', 'o', 'backup', $2, '', '', $3, $3, $3)`,
      [setId, state, new Date(0)],
    )
  await insert('one', 'ACTIVE')
  await insert('two', 'DESTROYED')
  await old.server().sweep()
  const client = old.client(undefined, 'ann')
  expect(
    await database.query(`select set_id, event, detail from reshare_audit where client_id = 'ann' order by sequence`),
  ).toEqual([
    { set_id: 'one', event: 'found', detail: 'ACTIVE committed proven' },
    { set_id: 'two', event: 'found', detail: 'DESTROYED committed proven' },
  ])
  await newWallet(client)
  expect((await verifyAuditLog({ database, masterKey })).breaks).toEqual([])
  await insert('three', 'ACTIVE')
  await old.server().sweep()
  expect((await verifyAuditLog({ database, masterKey })).breaks).toMatchObject([{ reason: 'UNLOGGED', clientId: '' }])
  await database.close()
})
