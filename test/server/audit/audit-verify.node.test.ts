import { beforeAll, describe, expect, test } from 'vitest'
import { ChainReader } from '../../../src/server/audit/chain.ts'
import { entryHash, GENESIS, type AuditEntry, type AuditEvent } from '../../../src/server/audit/entry.ts'
import { readClients, readEntries, readSets } from '../../../src/server/audit/pages.ts'
import type { Database, Queryable, Row, SqlValue } from '../../../src/service/database/types.ts'
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

  test('a set that somebody has added, whether or not it passes for older than the log', async () => {
    const { database } = tables
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

describe('a chain', () => {
  const key = new Uint8Array(32).fill(7)
  const recovery = { event: 'recoveryBegun', setId: 'set' }

  /** The entries of a chain as they are read, of events that each name what is not usual of them. */
  function rowsOf(...entries: Partial<AuditEntry>[]): Row[] {
    let hash: Uint8Array = GENESIS
    return entries.map((changes, i) => {
      const entry: AuditEntry = {
        ...{ clientId: 'ann', sequence: i + 1, at: new Date(0), epoch: 1, event: 'unlocked' },
        ...{ walletId: '', setId: '', operationId: '', detail: '', ...changes },
      }
      hash = entryHash(key, hash, entry)
      const { clientId, sequence, at, epoch, event, walletId, setId, operationId, detail } = entry
      const ids = { client_id: clientId, wallet_id: walletId, set_id: setId, operation_id: operationId }
      return { ...ids, sequence, at, epoch, event, detail, hash }
    })
  }

  function read(rows: readonly Row[], known: readonly AuditHead[] = []) {
    const chain = new ChainReader('ann', key, known)
    for (const row of rows) chain.read(row)
    return chain
  }

  test('is followed to its end', () => {
    const rows = rowsOf({}, recovery, { event: 'found', setId: 'other', detail: 'ACTIVE' }, { epoch: 2 })
    const hash = toHex(rows[3]!['hash'] as Uint8Array)
    const head: AuditHead = { clientId: 'ann', sequence: 4, hash }
    const chain = read(rows, [head, { ...head, sequence: 2, hash: toHex(rows[1]!['hash'] as Uint8Array) }])
    chain.end(head)
    expect(chain.broken).toBeUndefined()
    expect(chain.head).toEqual(head)
    expect([...chain.sets.keys()]).toEqual(['set', 'other'])
    expect(chain.sets.get('other')).toMatchObject({ state: 'ACTIVE', whole: true })
    expect(chain.older).toBe(1)
  })

  test('without an entry has no end either', () => {
    const chain = read([])
    chain.end(undefined)
    expect(chain.broken).toBeUndefined()
    expect(chain.head).toEqual({ clientId: 'ann', sequence: 0, hash: toHex(GENESIS) })
  })

  test('is looked at no further than its first break, which is the one that is told of', () => {
    const [prepared, again] = [
      { event: 'prepared', setId: 'set' },
      { event: 'prepared', setId: 'set' },
    ]
    const chain = read(rowsOf(prepared, again, { event: 'found', setId: 'other', detail: 'ACTIVE' }))
    chain.end(undefined)
    expect(chain.broken).toEqual({
      ...{ reason: 'IMPOSSIBLE', clientId: 'ann', sequence: 2 },
      message: 'set set cannot have been prepared then',
    })
    expect([chain.sequence, chain.older, [...chain.sets.keys()]]).toEqual([2, 0, ['set']])
  })

  test('has no entry of an earlier life of the database', () => {
    const chain = read(rowsOf({ epoch: 2 }, { epoch: 2 }, { epoch: 1, ...recovery }))
    expect(chain.broken).toMatchObject({ reason: 'IMPOSSIBLE', sequence: 3 })
    expect(chain.sets.size).toBe(0)
  })
})

describe('the log is read', () => {
  /** Undoes what it does. */
  async function undone(work: (tx: Queryable) => Promise<void>): Promise<void> {
    const done = new Error('undone')
    const undoing = tables.database.transaction(async (tx) => {
      await work(tx)
      throw done
    })
    await expect(undoing).rejects.toBe(done)
  }

  test('a page of clients after the other, each with a chain, entries or sets', () =>
    undone(async (tx) => {
      const named = (n: number) => `~${String(n).padStart(3, '0')}`
      await tx.query(
        `insert into reshare_audit_heads select '~' || lpad(n::text, 3, '0'), 0, '' from generate_series(0, 99) n`,
      )
      const entry =
        'insert into reshare_audit select $1, n, now(), 1, $2, $2, $2, $2, $2, $3 from generate_series(1, $4) n'
      await tx.query(entry, [named(100), 'x', new Uint8Array(), 1001])
      await tx.query(entry, [named(102), 'x', new Uint8Array(), 1])
      await tx.query(
        `insert into reshare_sets (set_id, client_id, wallet_id, operation_id, purpose, state, label, record, created_at)
         values ('~', $1, '', '', 'signing', 'ACTIVE', '', '', now())`,
        [named(101)],
      )
      expect((await readClients(tx, undefined))[0]).toBe('')
      const first = await readClients(tx, '~')
      expect(first).toEqual(Array.from({ length: 100 }, (_, i) => named(i)))
      const second = await readClients(tx, named(99))
      expect(second).toEqual([100, 101, 102].map(named))
      expect(await readClients(tx, named(102))).toEqual([])
      const range = { first: named(100), last: named(101) }
      const sequences: unknown[] = []
      for await (const row of readEntries(bounded({ ...tables.database, ...tx }), range))
        sequences.push(row['sequence'])
      expect(sequences).toEqual(Array.from({ length: 1001 }, (_, i) => i + 1))
      expect((await readSets(tx, range)).map((row) => row['set_id'])).toEqual(['~'])
    }))

  test('with what the ECDSA setups of the sets say of a ban', async () => {
    const key = tables.key()
    const setId = await tables.set(key)
    await query('update reshare_ot_states set poisoned = true where set_id = $1', [setId])
    const rows = await readSets(tables.database, { first: key.clientId, last: key.clientId })
    expect(rows).toEqual([expect.objectContaining({ set_id: setId, poisoned: true, ban_logged: false })])
    await query('delete from reshare_ot_states where set_id = $1', [setId])
    await query('delete from reshare_shares where set_id = $1', [setId])
    await query('delete from reshare_sets where set_id = $1', [setId])
  })

  test('each page in a view of its own, in which nothing is written', async () => {
    const settings: Row[] = []
    const watching: Database = {
      ...tables.database,
      transaction: (work, isolation) =>
        tables.database.transaction(async (tx) => {
          const result = await work(tx)
          const names = `current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as only`
          settings.push(...(await tx.query(`select ${names}`)))
          return result
        }, isolation),
    }
    await verify([], watching)
    expect(settings.length).toBeGreaterThan(1)
    for (const setting of settings) expect(setting).toEqual({ level: 'repeatable read', only: 'on' })
  })

  test('by page, of which none is passed over, and reported whole', async () => {
    const before = await verify()
    const clients = []
    for (let i = 0; i < 100; i++) {
      const { clientId } = tables.key()
      clients.push(clientId)
      await tables.context.audit.record(tables.database, clientId, [{ event: 'unlocked' }, { event: 'lockedOut' }])
    }
    const { chains, entries, breaks, heads } = await verify(before.heads)
    expect([chains, entries]).toEqual([before.chains + 100, before.entries + 200])
    expect(breaks).toEqual(before.breaks)
    expect(heads).toHaveLength(before.heads.length + 100)
    expect(heads).toEqual(expect.arrayContaining([...before.heads]))
  })
})
