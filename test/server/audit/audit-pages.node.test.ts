import { describe, expect, test } from 'vitest'
import { ChainReader } from '../../../src/server/audit/chain.ts'
import { entryHash, GENESIS, type AuditEntry } from '../../../src/server/audit/entry.ts'
import { readClients, readEntries, readSets, type StoredEntry } from '../../../src/server/audit/pages.ts'
import type { Database, Queryable, Row, SqlValue } from '../../../src/service/database/types.ts'
import { verifyAuditLog, type AuditHead } from '../../../src/server/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { fileTables } from '../support/file-tables.ts'
import { bounded, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))

const verify = (heads?: readonly AuditHead[], database: Database = tables.database) =>
  verifyAuditLog({ database: bounded(database), masterKey: tables.masterKey, ...(heads && { heads }) })
const query = (sql: string, parameters: SqlValue[] = []) => tables.database.query(sql, parameters)

describe('a chain', () => {
  const key = new Uint8Array(32).fill(7)
  const recovery = { event: 'recoveryStarted', setId: 'set' }

  /** The entries of a chain as they are read, of events that each name what is not usual of them. */
  function rowsOf(...entries: Partial<AuditEntry>[]): StoredEntry[] {
    let hash: Uint8Array = GENESIS
    return entries.map((changes, i) => {
      const entry: AuditEntry = {
        ...{ clientId: 'ann', sequence: i + 1, at: new Date(0), epoch: 1, event: 'unlocked' },
        ...{ walletId: '', setId: '', operationId: '', detail: '', ...changes },
      }
      hash = entryHash(key, hash, entry)
      return { ...entry, hash }
    })
  }

  function read(rows: readonly StoredEntry[], known: readonly AuditHead[] = []) {
    const chain = new ChainReader('ann', key, known)
    for (const row of rows) chain.read(row)
    return chain
  }

  test('is followed to its end', () => {
    const rows = rowsOf({}, recovery, { event: 'prepared', setId: 'other' }, { epoch: 2 })
    const hash = toHex(rows[3]!.hash)
    const head: AuditHead = { clientId: 'ann', sequence: 4, hash }
    const chain = read(rows, [head, { ...head, sequence: 2, hash: toHex(rows[1]!.hash) }])
    chain.end(head)
    expect(chain.broken).toBeUndefined()
    expect(chain.head).toEqual(head)
    expect([...chain.sets.keys()]).toEqual(['set', 'other'])
    expect(chain.sets.get('other')).toMatchObject({ state: 'PREPARED' })
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
    const chain = read(rowsOf(prepared, again, { event: 'prepared', setId: 'other' }))
    chain.end(undefined)
    expect(chain.broken).toEqual({
      ...{ reason: 'IMPOSSIBLE', clientId: 'ann', sequence: 2 },
      message: 'set set cannot have been prepared then',
    })
    expect([chain.sequence, [...chain.sets.keys()]]).toEqual([2, ['set']])
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
      for await (const row of readEntries(bounded({ ...tables.database, ...tx }), range)) sequences.push(row.sequence)
      expect(sequences).toEqual(Array.from({ length: 1001 }, (_, i) => i + 1))
      expect((await readSets(tx, range)).map((row) => row.setId)).toEqual(['~'])
    }))

  test('with what the ECDSA setups of the sets say of a ban', async () => {
    const key = tables.key()
    const setId = await tables.set(key)
    await query('update reshare_ot_states set poisoned = true where set_id = $1', [setId])
    const rows = await readSets(tables.database, { first: key.clientId, last: key.clientId })
    expect(rows).toEqual([expect.objectContaining({ setId, poisoned: true, banLogged: false })])
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
