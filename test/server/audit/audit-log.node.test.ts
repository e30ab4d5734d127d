import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { entryHash, GENESIS, type AuditEntry } from '../../../src/server/audit/entry.ts'
import { readAuditKey, resealAuditKey } from '../../../src/server/audit/key.ts'
import { createAuditLog, type KnownHead } from '../../../src/server/audit/log.ts'
import { verifyAuditLog } from '../../../src/server/audit/verify.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Database, Row, SqlValue } from '../../../src/service/database/types.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { createSealer } from '../../../src/util/seal.ts'
import { seededRandom } from '../../support/random.ts'
import { bounded, createTables, START, WALLET, type Tables } from '../support/tables.ts'

let tables: Tables
let random: RandomSource
beforeAll(async () => {
  random = seededRandom()
  tables = await createTables(pgliteDatabase(), random)
})
afterEach(() => expect(tables.errors.splice(0)).toEqual([]))
afterAll(() => tables.database.close())

const query = (sql: string, parameters: SqlValue[] = []) => tables.database.query(sql, parameters)
const readKey = () => readAuditKey(tables.database, tables.context.sealer)
const chainOf = (clientId: string) =>
  query('select * from reshare_audit where client_id = $1 order by sequence', [clientId])
const headOf = async (clientId: string) =>
  (await query('select sequence, hash from reshare_audit_heads where client_id = $1', [clientId]))[0]

/** The number and the epoch of each entry of a chain. */
const positionsOf = async (clientId: string) => (await chainOf(clientId)).map((row) => [row['sequence'], row['epoch']])
const breaksOf = async (clientId: string) => {
  const { database, masterKey } = tables
  const { breaks } = await verifyAuditLog({ database, masterKey })
  return breaks.filter((broken) => broken.clientId === clientId)
}

/** Takes the whole log away, as before a server's first start. */
async function forgetLog(): Promise<void> {
  const names = ['reshare_audit', 'reshare_audit_heads', 'reshare_audit_key']
  for (const name of names) await query(`alter table ${name} disable trigger all`)
  for (const name of names) await query(`delete from ${name}`)
  for (const name of names) await query(`alter table ${name} enable trigger all`)
}

const newLog = (database: Database = tables.database) =>
  createAuditLog({ database, sealer: tables.context.sealer, random, now: () => tables.clock })

describe('the log', () => {
  beforeEach(forgetLog)

  test('begins once, with a key of its own', async () => {
    expect(await readKey()).toBeUndefined()
    const [log, other] = [newLog(), newLog()]
    await Promise.all([log.open(), log.open()])
    const key = await readKey()
    expect(key).toHaveLength(32)
    await other.open()
    await log.open()
    expect(await readKey()).toEqual(key)
    const begun = { event: 'logStarted', wallet_id: '', set_id: '', operation_id: '', detail: '', sequence: 1 }
    expect(await chainOf('')).toEqual([expect.objectContaining(begun)])
  })

  test('is opened again without a look at the database, and by another that made the key meanwhile', async () => {
    const asked: string[] = []
    const late: Database = {
      ...tables.database,
      query: async (sql, parameters) => {
        asked.push(sql)
        const rows = await tables.database.query(sql, parameters)
        await newLog().open()
        return rows
      },
    }
    const log = newLog(late)
    await log.open()
    await log.open()
    expect(asked).toHaveLength(1)
    await log.record(tables.database, 'ann', [{ event: 'lockedOut' }])
    expect((await chainOf('ann'))[0]!['hash']).toEqual(entryHash((await readKey())!, GENESIS, await firstOf('ann')))
    expect(await chainOf('')).toHaveLength(1)
  })

  /** The first entry of a chain as it is hashed. */
  async function firstOf(clientId: string): Promise<AuditEntry> {
    const [row] = (await chainOf(clientId)) as [Row]
    const text = (name: string) => row[name] as string
    return {
      ...{ clientId, sequence: 1, at: row['at'] as Date, epoch: row['epoch'] as number },
      ...{ event: text('event'), walletId: text('wallet_id'), setId: text('set_id') },
      ...{ operationId: text('operation_id'), detail: text('detail') },
    }
  }

  test('that cannot be opened says why, until it can', async () => {
    const failure = new Error('no database')
    let fails = true
    const log = newLog({
      ...tables.database,
      query: (sql, parameters) => (fails ? Promise.reject(failure) : tables.database.query(sql, parameters)),
    })
    const record = () => log.record(tables.database, 'ann', [{ event: 'lockedOut' }])
    await expect(record()).rejects.toThrow('the audit log is not open')
    await expect(log.open()).rejects.toBe(failure)
    await expect(record()).rejects.toBe(failure)
    fails = false
    await log.open()
    await record()
    expect(await chainOf('ann')).toHaveLength(1)
  })

  test('has one chain a client, each entry with its own', async () => {
    const log = newLog()
    await log.open()
    const key = (await readKey())!
    const clientId = tables.key().clientId
    await log.record(tables.database, clientId, [])
    expect(await headOf(clientId)).toBeUndefined()
    tables.clock = START + 1234
    const named = { walletId: WALLET, setId: 'set', operationId: 'operation', detail: 'generate' }
    await log.record(tables.database, clientId, [{ event: 'prepared', ...named }, { event: 'unlocked' }])
    tables.clock = START + 5678
    await log.record(tables.database, clientId, [{ event: 'retiring', setId: 'set' }])
    const none = { walletId: '', setId: '', operationId: '', detail: '' }
    const of = (sequence: number, ms: number, rest: Pick<AuditEntry, 'event'> & Partial<AuditEntry>): AuditEntry => {
      return { ...none, clientId, sequence, at: new Date(START + ms), epoch: 1, ...rest }
    }
    const entries = [
      of(1, 1234, { event: 'prepared', ...named }),
      of(2, 1234, { event: 'unlocked' }),
      of(3, 5678, { event: 'retiring', setId: 'set' }),
    ]
    let hash: Uint8Array = GENESIS
    const rows = entries.map((entry) => {
      hash = entryHash(key, hash, entry)
      const { walletId, setId, operationId, ...rest } = entry
      const { clientId: client_id, ...others } = rest
      return { ...others, client_id, wallet_id: walletId, set_id: setId, operation_id: operationId, hash }
    })
    expect(await chainOf(clientId)).toEqual(rows)
    expect(await headOf(clientId)).toEqual({ sequence: 3, hash })
    expect((await headOf(''))?.['sequence']).toBe(1)
  })

  test.each<[string, Partial<KnownHead>]>([
    ['sequence', { sequence: 1 }],
    // Of the same sequence: the database was restored, and others have written since.
    ['hash', { hash: new Uint8Array(32).fill(7) }],
    ['epoch', { epoch: 0 }],
  ])('goes on from the end of a chain, not from a known one of another %s', async (_, stale) => {
    const log = newLog()
    await log.open()
    const { clientId } = tables.key()
    const record = (known?: KnownHead) => log.record(tables.database, clientId, [{ event: 'unlocked' }], known)
    const end = async () => ({ ...(await headOf(clientId)), epoch: 1 }) as unknown as KnownHead
    await record()
    await record(await end())
    await record({ ...(await end()), ...stale })
    expect(await positionsOf(clientId)).toEqual([1, 2, 3].map((sequence) => [sequence, 1]))
    expect(await breaksOf(clientId)).toEqual([])
  })

  test('begins no chain from an end that is known wrongly', async () => {
    const log = newLog()
    await log.open()
    const { clientId } = tables.key()
    const none = { sequence: 0, hash: GENESIS, epoch: 1 }
    for (const known of [{ ...none, epoch: 0 }, none, none])
      await log.record(tables.database, clientId, [{ event: 'unlocked' }], known)
    expect(await positionsOf(clientId)).toEqual([1, 2, 3].map((sequence) => [sequence, 1]))
    expect(await breaksOf(clientId)).toEqual([])
  })

  test('keeps its key when the master key changes, and tells of it', async () => {
    const { context, database, masterKey } = tables
    const current = { id: 2, key: random(32) }
    const sealer = createSealer({ current, previous: [{ id: 1, key: masterKey }] }, random)
    const recorded: number[] = []
    const reseal = (by = sealer) =>
      resealAuditKey(database, by, async (tx, before) => {
        await tx.query('select 1')
        recorded.push(before)
      })
    expect(await reseal()).toBe(false)
    await newLog().open()
    const key = await readKey()
    expect(await reseal(context.sealer)).toBe(false)
    expect(recorded).toEqual([])
    expect(await reseal()).toBe(true)
    expect(recorded).toEqual([1])
    expect(await reseal()).toBe(false)
    expect(await readAuditKey(database, createSealer({ current }, random))).toEqual(key)
    await expect(readKey()).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
  })
})

describe('a database without a log', () => {
  const verify = () => verifyAuditLog({ database: bounded(tables.database), masterKey: tables.masterKey })
  beforeEach(async () => {
    await forgetLog()
    for (const table of ['shares', 'ot_states', 'sets']) await query(`delete from reshare_${table}`)
  })

  test('agrees with itself, but an entry without a key is none', async () => {
    expect(await verify()).toEqual({ chains: 0, entries: 0, epoch: 1, breaks: [], heads: [] })
    await query(`insert into reshare_audit values ('ann', 1, now(), 1, 'unlocked', '', '', '', '', $1)`, [GENESIS])
    expect(await verify()).toMatchObject({ breaks: [{ reason: 'ALTERED', clientId: 'ann', sequence: 1 }] })
  })

  test('tells of the epoch, which no chain holds and which voids bans', async () => {
    const raise = (by: number) => query(`update reshare_meta set number = number + ${by} where name = 'epoch'`)
    await raise(1)
    expect(await verify()).toMatchObject({ epoch: 2, breaks: [] })
    await raise(-1)
  })

  test('has no sets: one that is there is UNLOGGED, whatever its state, also once there is a log', async () => {
    const keys = [tables.key(), tables.key()]
    const setIds = [await tables.set(keys[0]!, {}, { state: 'ACTIVE' }), await tables.set(keys[1]!)]
    const unlogged = keys.map(({ clientId }, i) => ({
      ...{ reason: 'UNLOGGED', clientId, sequence: 0 },
      message: `set ${setIds[i]} is not in the log`,
    }))
    expect((await verify()).breaks).toHaveLength(2)
    expect((await verify()).breaks).toEqual(expect.arrayContaining(unlogged))
    await newLog().open()
    expect((await verify()).breaks).toEqual(expect.arrayContaining(unlogged))
  })

  test('is not called whole when the log has lost its beginning', async () => {
    await newLog().open()
    await query('alter table reshare_audit disable trigger all')
    await query('alter table reshare_audit_heads disable trigger all')
    await query('delete from reshare_audit')
    await query('delete from reshare_audit_heads')
    expect((await verify()).breaks).toEqual([
      { reason: 'MISSING', clientId: '', sequence: 1, message: 'the first entry of the log is not there' },
    ])
  })
})
