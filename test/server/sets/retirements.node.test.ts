import { describe, expect, test } from 'vitest'
import type { RefreshRequest } from '../../../src/wire/operations.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { destroyRetiring, planRetirements, recordProof, recordSignature } from '../../../src/server/sets/retirements.ts'
import { requireSet } from '../../../src/server/sets/sets-table.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { fileTables } from '../support/file-tables.ts'
import { owedRetirements, storedPreprocessing } from '../support/set-rows.ts'
import { recovering, START, WALLET, type Tables } from '../support/tables.ts'
import type { CalledOperation } from '../../../src/server/access/caller.ts'

let tables: Tables
fileTables((made) => (tables = made))

const when = (ms = 0) => new Date(START + ms)
const active = { state: 'ACTIVE', committed_at: when() }

const refreshing = (setId: string): RefreshRequest => ({ kind: 'refresh', walletId: WALLET, setId, label: 'phone' })

const owed = (setId: string) => owedRetirements(tables, setId)
const preprocessing = (setId: string) => storedPreprocessing(tables, setId)

describe('retirement', () => {
  const proof = async (key: CalledOperation, setId: string) =>
    tables.database.transaction(async (tx) =>
      recordProof(tables.context, tx, await requireSet(tx, key.clientId, setId)),
    )

  test('waits for the first proof, and a second changes nothing', async () => {
    const key = tables.key()
    const [old, other, setId] = [
      await tables.set(key, {}, active),
      await tables.set(key, {}, active),
      await tables.set(key, {}, active),
    ]
    await planRetirements(tables.database, { request: refreshing(old), clientId: key.clientId, setId })
    tables.clock = START + 1000
    expect(await proof(key, setId)).toEqual([old])
    expect(await Promise.all([old, other, setId].map(tables.state))).toEqual(['RETIRING', 'ACTIVE', 'ACTIVE'])
    await tables.database.query(`update reshare_sets set state = 'ACTIVE' where set_id = $1`, [old])
    tables.clock = START + 2000
    expect(await proof(key, setId)).toEqual([old])
    expect(await tables.state(old)).toBe('ACTIVE')
    expect((await requireSet(tables.database, key.clientId, setId)).provenAt).toEqual(when(1000))
    expect(await tables.log(key.clientId)).toEqual([`proven ${WALLET} ${setId}`, `retiring ${WALLET} ${old} ${setId}`])
  })

  test('of a lost device ends the backups that it made and nobody confirmed, but not the way back', async () => {
    const key = tables.key()
    const lost = await tables.set(key, {}, active)
    const dealt = { purpose: 'backup', sourceSetId: lost } as const
    const committed = { committed_at: when() }
    const [way, forged, confirmed, undecided] = [
      await tables.set(key, dealt, committed),
      await tables.set(key, dealt, committed),
      await tables.set(key, dealt, active),
      await tables.set(key, dealt),
    ]
    await recordCustodianShare(tables.database, key, forged)
    const setId = await tables.set(key, { sourceSetId: way }, active)
    await planRetirements(tables.database, { request: recovering(way), clientId: key.clientId, setId })
    await proof(key, setId)
    expect(await Promise.all([lost, way, forged, confirmed, undecided].map(tables.state))).toEqual([
      'RETIRING',
      'PREPARED',
      'DESTROYED',
      'ACTIVE',
      'PREPARED',
    ])
    expect(await tables.log(key.clientId)).toEqual([
      `proven ${WALLET} ${setId}`,
      `destroyed ${WALLET} ${forged} ${setId}`,
      `retiring ${WALLET} ${lost} ${setId}`,
    ])
    expect(
      await tables.row('select deletion_pending from reshare_custodian_records where set_id = $1', forged),
    ).toEqual({
      deletion_pending: true,
    })
  })

  test('of a lost device ends what has come from such a backup before the proof', async () => {
    const key = tables.key()
    const lost = await tables.set(key, {}, active)
    const way = await tables.set(key, { purpose: 'backup' }, active)
    const forged = await tables.set(key, { purpose: 'backup', sourceSetId: lost }, { committed_at: when() })
    const setId = await tables.set(key, { sourceSetId: way }, active)
    await planRetirements(tables.database, { request: recovering(way), clientId: key.clientId, setId })
    const stolen = await tables.set(key, { sourceSetId: forged }, active)
    const another = await tables.set(key, { sourceSetId: way }, active)
    expect(await proof(key, setId)).toEqual([lost, stolen].sort())
    expect(await Promise.all([lost, forged, stolen, another, setId].map(tables.state))).toEqual([
      'RETIRING',
      'DESTROYED',
      'RETIRING',
      'ACTIVE',
      'ACTIVE',
    ])
    expect(await tables.log(key.clientId)).toContain(`retiring ${WALLET} ${stolen} ${setId}`)
  })

  test('passes on to what a set is refreshed to, whichever side it waits on', async () => {
    const key = tables.key()
    const { clientId } = key
    const [phone, laptop] = [await tables.set(key, {}, active), await tables.set(key, {}, active)]
    const backup = await tables.set(key, { purpose: 'backup' }, active)
    await planRetirements(tables.database, { request: recovering(backup), clientId, setId: laptop })
    const phone2 = await tables.set(key, {}, active)
    await planRetirements(tables.database, { request: refreshing(phone), clientId, setId: phone2 })
    expect((await owed(laptop)).map(([old]) => old).sort()).toEqual([phone, phone2].sort())
    const laptop2 = await tables.set(key, {}, active)
    await planRetirements(tables.database, { request: refreshing(laptop), clientId, setId: laptop2 })
    expect((await owed(laptop2)).map(([old]) => old).sort()).toEqual([phone, phone2, laptop].sort())
    expect(new Map((await owed(laptop2)) as [string, boolean][]).get(laptop)).toBe(false)
  })

  test('destroys the shares of one client or of all, with their setups and preprocessings', async () => {
    const key = tables.key()
    const retiring = { state: 'RETIRING', committed_at: when() }
    const [own, foreign, kept] = [
      await tables.set(key, {}, retiring),
      await tables.set(tables.key(), {}, retiring),
      await tables.set(key, {}, active),
    ]
    const spent = await preprocessing(own)
    await tables.database.query('update reshare_ot_states set poisoned = true where set_id = $1', [own])
    await destroyRetiring(tables.context, key.clientId)
    expect(await tables.log(key.clientId)).toEqual([`poisoned ${WALLET} ${own} 1`, `destroyed ${WALLET} ${own}`])
    const sets = [own, foreign, kept]
    expect(await Promise.all(sets.map(tables.state))).toEqual(['DESTROYED', 'RETIRING', 'ACTIVE'])
    expect(await Promise.all(sets.map(tables.hasShare))).toEqual([false, true, true])
    expect(await spent()).toBe(false)
    expect(await tables.row('select 1 from reshare_ot_states where set_id = $1', own)).toBeUndefined()
    await sweep(tables.context)
    expect(await Promise.all(sets.map(tables.state))).toEqual(['DESTROYED', 'DESTROYED', 'ACTIVE'])
  })

  test('one set that cannot be destroyed does not keep the others', async () => {
    const keys = [tables.key(), tables.key(), tables.key()]
    const sets = await Promise.all(keys.map((key) => tables.set(key, {}, { state: 'RETIRING', committed_at: when() })))
    const failure = new Error('no entry')
    const { context } = tables
    const audit: typeof context.audit = {
      ...context.audit,
      record: async (tx, clientId, events) => {
        if (clientId === keys[1]?.clientId) throw failure
        return context.audit.record(tx, clientId, events)
      },
    }
    const told: unknown[] = []
    await sweep({ ...context, audit, onError: (error) => told.push(error) })
    expect(await Promise.all(sets.map(tables.state))).toEqual(['DESTROYED', 'RETIRING', 'DESTROYED'])
    expect(await tables.hasShare(sets[1] as string)).toBe(true)
    expect(told).toEqual([leftForLater(sets[1] as string, failure)])
    await sweep(context)
    expect(await tables.state(sets[1] as string)).toBe('DESTROYED')
  })

  test('a signature is no proof', async () => {
    const key = tables.key()
    const setId = await tables.set(key, {}, active)
    const other = await tables.set(key, {}, active)
    await recordSignature(tables.context, tables.database, setId)
    const set = await requireSet(tables.database, key.clientId, setId)
    expect(set).toMatchObject({ lastUsedAt: new Date(tables.clock), provenAt: null })
    expect((await requireSet(tables.database, key.clientId, other)).lastUsedAt).toBeNull()
  })
})
