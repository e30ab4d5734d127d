import { beforeAll, describe, expect, test } from 'vitest'
import { entryHash, GENESIS, type AuditEntry, type AuditEvent } from '../../../src/server/audit/entry.ts'
import type { Database, SqlValue } from '../../../src/service/database/types.ts'
import { verifyAuditLog, type AuditHead } from '../../../src/server/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { fileTables } from '../support/file-tables.ts'
import { bounded, START, WALLET, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))

const verify = (heads?: readonly AuditHead[], database: Database = tables.database) =>
  verifyAuditLog({ database: bounded(database), masterKey: tables.masterKey, ...(heads && { heads }) })
const query = (sql: string, parameters: SqlValue[] = []) => tables.database.query(sql, parameters)

/** A client with a set that has ended and a backup, in the tables and in the log. */
async function loggedClient() {
  const key = tables.key()
  const at = new Date(START)
  const setId = await tables.set(key, {}, { state: 'DESTROYED', committed_at: at })
  const backupId = await tables.set(key, { purpose: 'backup' }, { state: 'ACTIVE', committed_at: at })
  await query('delete from reshare_ot_states where set_id = $1', [setId])
  const { operationId } = key
  const of =
    (id: string) =>
    (event: AuditEvent['event']): AuditEvent => ({ event, walletId: WALLET, setId: id, operationId })
  await tables.context.audit.record(tables.database, key.clientId, [
    ...(['prepared', 'activated'] as const).map(of(setId)),
    ...(['prepared', 'committed', 'confirmed'] as const).map(of(backupId)),
    ...(['retiring', 'destroyed'] as const).map(of(setId)),
  ])
  return { clientId: key.clientId, setId, backupId }
}

const HEADS = 'heads must be a list of { clientId, sequence, hash }'

/** Somebody who may do anything to the database, and has no key. */
describe('what is noticed', () => {
  const TABLES = ['reshare_audit', 'reshare_audit_heads', 'reshare_sets']
  let victim: string
  let other: string
  let setId: string
  let backupId: string
  let heads: readonly AuditHead[]
  beforeAll(async () => {
    ;({ clientId: victim, setId, backupId } = await loggedClient())
    ;({ clientId: other } = await loggedClient())
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

  test('a set in a state that no server writes', async () => {
    const [check] = await query(
      `select conname from pg_constraint
       where conrelid = 'reshare_sets'::regclass and pg_get_constraintdef(oid) like '%PREPARED%'`,
    )
    const changes = [
      `alter table reshare_sets drop constraint ${String(check!['conname'])}`,
      `update reshare_sets set state = 'ZOMBIE' where set_id = $set`,
    ]
    expect(await after(changes)).toEqual(ofVictim('DISAGREES', 0))
  })

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
    `at = 'infinity'`,
    `at = '-infinity'`,
    `at = '0002-01-01 BC'`,
    'epoch = -1',
    `hash = ''`,
    'epoch = 2',
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
    const again = `insert into reshare_audit select client_id, 8, at, epoch, event, wallet_id, set_id, operation_id,
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
        epoch: 1,
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

  test('a set that somebody has added', async () => {
    const { database } = tables
    const columns = (
      await database.query(
        `select string_agg(column_name, ', ') as list from information_schema.columns
       where table_name = 'reshare_sets' and column_name not in ('set_id', 'ordinal')`,
      )
    )[0]?.['list'] as string
    const added = `insert into reshare_sets (set_id, ${columns})
       select 'added', ${columns} from reshare_sets where set_id = '${backupId}'`
    expect(await after([added])).toEqual(ofVictim('UNLOGGED', 0))
  })

  test('a log without its beginning', async () => {
    const server = `client_id = ''`
    expect(
      await after([`delete from reshare_audit where ${server}`, `delete from reshare_audit_heads where ${server}`]),
    ).toEqual([expect.objectContaining({ reason: 'MISSING', clientId: '', sequence: 1 })])
  })

  test('what cannot have happened, though the server has written it', async () => {
    const key = tables.key()
    const event = { walletId: WALLET, setId: await tables.set(key) }
    await tables.context.audit.record(tables.database, key.clientId, [
      { event: 'prepared', ...event },
      { event: 'activated', ...event },
      { event: 'aborted', ...event },
      { event: 'destroyed', ...event },
    ])
    expect((await verify()).breaks).toEqual([
      {
        reason: 'IMPOSSIBLE',
        clientId: key.clientId,
        sequence: 3,
        message: `set ${event.setId} cannot have been aborted then`,
      },
    ])
  })

  test('wrong arguments, and a key that opens nothing', async () => {
    const head = { clientId: '', sequence: 1, hash: 'ab'.repeat(32) }
    for (const wrong of [
      {},
      [{}],
      [null],
      [head, null],
      [{ ...head, hash: 'AB'.repeat(32) }],
      [{ ...head, hash: `${head.hash}ab` }],
      [{ ...head, hash: `ab${head.hash}` }],
      [{ ...head, hash: [head.hash] }],
      [{ ...head, sequence: 1.5 }],
      [{ ...head, clientId: 1 }],
    ]) {
      await expect(verify(wrong as unknown as AuditHead[])).rejects.toThrow(new TypeError(HEADS))
    }
    const verifying = verifyAuditLog({ database: tables.database, masterKey: new Uint8Array(32) })
    await expect(verifying).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
  })
})
