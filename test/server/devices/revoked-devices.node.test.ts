import { describe, expect, test } from 'vitest'
import type { CalledOperation } from '../../../src/server/access/caller.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { recordDecision } from '../../../src/server/rounds/operations-table.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { errorOf } from '../support/error-of.ts'
import { ACTIVE } from '../support/rate-limits.ts'
import { at, fileDevices, OTHER_WALLET, PHONE, TABLET, type TableDevices } from '../support/table-devices.ts'
import { START, WALLET } from '../support/tables.ts'

let devices: TableDevices
fileDevices((made) => (devices = made))

describe('a device that is revoked', () => {
  test('signs no more, and its shares are destroyed: those of no other', async () => {
    const { clientId, phone, tablet, setId, own } = await devices.newWallet()
    const another = await devices.tables.set(phone, { walletId: OTHER_WALLET }, ACTIVE)
    const backup = await devices.tables.set(phone, { purpose: 'backup' }, ACTIVE)
    const prepared = await devices.tables.set(phone)
    const stranger = await devices.tables.set(devices.tables.key({ device: PHONE }), {}, ACTIVE)
    devices.tables.clock = START + 3
    expect(await devices.revoke(tablet)).toEqual({
      ...{ deviceId: PHONE, label: 'phone', createdAt: at().toISOString(), lastUsedAt: at().toISOString() },
      ...{ revokedAt: at(3).toISOString(), setIds: [] },
    })
    expect(await devices.states([setId, another])).toEqual(['DESTROYED', 'DESTROYED'])
    expect(await devices.tables.hasShare(setId)).toBe(false)
    expect(await devices.states([own, backup, prepared, stranger])).toEqual(['ACTIVE', 'ACTIVE', 'PREPARED', 'ACTIVE'])
    const events = await devices.tables.log(clientId)
    expect(events[0]).toBe(`deviceRevoked ${PHONE}`)
    expect(events.slice(1, 3).sort()).toEqual(
      [`retiring ${WALLET} ${setId}`, `retiring ${OTHER_WALLET} ${another}`].sort(),
    )
    expect(events.slice(3).sort()).toEqual(
      [`destroyed ${WALLET} ${setId}`, `destroyed ${OTHER_WALLET} ${another}`].sort(),
    )
    devices.tables.clock = START + 4
    expect(await devices.revoke(tablet)).toMatchObject({ revokedAt: at(3).toISOString() })
    expect(await devices.tables.log(clientId)).toEqual(events)
  })

  test('ends nothing that it has begun', async () => {
    const { clientId, phone, tablet } = await devices.newWallet()
    const begun = async (key: CalledOperation) => {
      await devices.tables.begin(key)
      await devices.tables.database.query('update reshare_operations set state = $2 where operation_id = $1', [
        ...[key.operationId, new Uint8Array(1)],
      ])
      return key
    }
    const newKey = (changes: Partial<CalledOperation> = {}) =>
      devices.tables.key({ clientId, device: PHONE, ...changes })
    const decided = await begun(newKey())
    await recordDecision(devices.tables.context, devices.tables.database, decided, 'COMMIT')
    const open = [await begun(newKey()), await begun(newKey())]
    open.sort((a, b) => (a.operationId < b.operationId ? -1 : 1))
    const others = [await begun(newKey({ device: TABLET })), await begun(newKey({ device: null }))]
    others.push(await begun(devices.tables.key({ device: PHONE })))
    const [prepared, second] = [await devices.tables.set(open[0]!), await devices.tables.set(open[1]!)]
    await devices.tables.set(phone)
    await devices.revoke(tablet)
    const decisions = async (keys: CalledOperation[]) => {
      const rows = keys.map(({ operationId }) =>
        devices.tables.row('select decision from reshare_decisions where operation_id = $1', operationId),
      )
      return (await Promise.all(rows)).map((row) => row?.['decision'])
    }
    expect(await decisions([decided, ...open, ...others])).toEqual([
      ...['COMMIT', 'ABORT', 'ABORT'],
      ...[undefined, undefined, undefined],
    ])
    expect(await devices.states([prepared, second])).toEqual(['ABORTED', 'ABORTED'])
    const kept = await devices.tables.database.query(
      'select operation_id from reshare_operations where client_id = $1 and state is not null',
      [clientId],
    )
    const ids = (keys: readonly CalledOperation[]) => keys.map(({ operationId }) => operationId).sort()
    expect(kept.map((row) => row['operation_id']).sort()).toEqual(ids([decided, ...others.slice(0, 2)]))
    expect((await devices.tables.log(clientId)).slice(0, 3)).toEqual([
      `deviceRevoked ${PHONE}`,
      `aborted ${WALLET} ${prepared} ${open[0]!.operationId}`,
      `aborted ${WALLET} ${second} ${open[1]!.operationId}`,
    ])
  })

  test('by itself keeps a way back to each of its wallets, and its backups', async () => {
    const { clientId, phone } = devices.newClient()
    await devices.record(phone)
    const setIds = [
      await devices.tables.set(phone, {}, ACTIVE),
      await devices.tables.set(phone, { walletId: OTHER_WALLET }, ACTIVE),
    ]
    await devices.tables.set(phone, { purpose: 'backup' }, ACTIVE)
    const unconfirmed = await devices.tables.set(
      phone,
      { purpose: 'backup', walletId: OTHER_WALLET },
      { committed_at: at() },
    )
    await expect(devices.revoke(phone)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(await devices.states(setIds)).toEqual(['ACTIVE', 'ACTIVE'])
    expect([await devices.revokedAt(phone), await devices.tables.log(clientId)]).toEqual([null, []])
    const backup = await devices.tables.set(phone, { purpose: 'backup', walletId: OTHER_WALLET }, ACTIVE)
    // The custodian has lost it, and has it again.
    const half = devices.tables.halves.get(backup)!
    devices.tables.halves.delete(backup)
    await expect(devices.revoke(phone)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect([await devices.revokedAt(phone), await devices.tables.log(clientId)]).toEqual([null, []])
    devices.tables.halves.set(backup, half)
    await devices.revoke(phone)
    expect(await devices.states([...setIds, unconfirmed])).toEqual(['DESTROYED', 'DESTROYED', 'PREPARED'])
    const named = setIds.map((setId, i) => `${[WALLET, OTHER_WALLET][i]} ${setId}`)
    expect((await devices.tables.log(clientId)).sort()).toEqual(
      [`deviceRevoked ${PHONE}`, ...named.flatMap((set) => [`retiring ${set}`, `destroyed ${set}`])].sort(),
    )
  })

  test('by another keeps no unconfirmed backup of a wallet that the other can sign for', async () => {
    const { clientId, phone, tablet, setId, own } = await devices.newWallet()
    const backup = (row: object = {}, columns = {}) =>
      devices.tables.set(phone, { purpose: 'backup', ...row }, { committed_at: at(), ...columns })
    const [ended, undecided] = [await backup({ sourceSetId: setId }), await backup({}, { committed_at: null })]
    const [confirmed, foreign] = [await backup({}, ACTIVE), await backup({ walletId: OTHER_WALLET })]
    const theirs = await devices.tables.set(tablet, { purpose: 'backup' }, { committed_at: at() })
    // What the tablet's set was recovered from, two steps back.
    const [older, parent] = [await backup(), await devices.tables.set(tablet, {}, { state: 'DESTROYED' })]
    const link = 'update reshare_sets set source_set_id = $2 where set_id = $1'
    await devices.tables.database.query(link, [own, parent])
    await devices.tables.database.query(link, [parent, older])
    for (const half of [ended, older]) await recordCustodianShare(devices.tables.database, phone, half)
    await devices.revoke(tablet)
    expect(await devices.states([ended, undecided, confirmed, foreign, theirs, older])).toEqual([
      ...['DESTROYED', 'PREPARED', 'ACTIVE', 'PREPARED', 'PREPARED', 'PREPARED'],
    ])
    expect(devices.tables.removed).toContain(ended)
    expect(devices.tables.removed).not.toContain(older)
    expect(await devices.tables.log(clientId)).toEqual([
      `deviceRevoked ${PHONE}`,
      `retiring ${WALLET} ${setId}`,
      `destroyed ${WALLET} ${ended}`,
      `destroyed ${WALLET} ${setId}`,
    ])
  })

  test('ends what has come from its unconfirmed backups, on whichever device, and nothing else', async () => {
    const { clientId, phone, tablet, setId, own } = await devices.newWallet()
    const committed = { committed_at: at() }
    const dealtBy = (sourceSetId: string) => ({ purpose: 'backup', sourceSetId }) as const
    const thief = { ...phone, device: 'ef'.repeat(32) }
    // One that was superseded since, and one that waits.
    const [over, waiting] = [
      await devices.tables.set(phone, dealtBy(setId), { ...committed, state: 'DESTROYED' }),
      await devices.tables.set(phone, dealtBy(setId), committed),
    ]
    const stolen = await devices.tables.set(thief, { sourceSetId: waiting }, ACTIVE)
    const ended = [
      stolen,
      await devices.tables.set({ ...phone, device: null }, { sourceSetId: over }, ACTIVE),
      await devices.tables.set(thief, { sourceSetId: stolen }, ACTIVE),
      await devices.tables.set(thief, dealtBy(stolen), committed),
    ]
    ended.push(await devices.tables.set(thief, { sourceSetId: ended[3]! }, ACTIVE))
    const confirmed = await devices.tables.set(phone, dealtBy(setId), { ...ACTIVE, confirmed_at: at() })
    const gone = { ...committed, state: 'DESTROYED', confirmed_at: at() }
    const superseded = await devices.tables.set(phone, dealtBy(setId), gone)
    const vouched = await devices.tables.set(thief, dealtBy(stolen), ACTIVE)
    const kept = [
      ...[own, confirmed, vouched],
      await devices.tables.set(thief, { sourceSetId: confirmed }, ACTIVE),
      await devices.tables.set(thief, { sourceSetId: superseded }, ACTIVE),
      await devices.tables.set(thief, { sourceSetId: vouched }, ACTIVE),
      await devices.tables.set(thief, {}, ACTIVE),
    ]
    const halves = [waiting, ended[3]!]
    for (const half of halves) await recordCustodianShare(devices.tables.database, phone, half)
    await devices.revoke(tablet)
    expect(await devices.states([setId, over, waiting, ...ended])).toEqual(Array(8).fill('DESTROYED'))
    expect(await devices.states(kept)).toEqual(Array(7).fill('ACTIVE'))
    for (const half of halves) expect(devices.tables.removed).toContain(half)
    const log = await devices.tables.log(clientId)
    for (const signing of [ended[0]!, ended[1]!, ended[2]!, ended[4]!])
      expect(log).toContain(`retiring ${WALLET} ${signing}`)
  })

  test('stays so, whatever goes wrong after that', async () => {
    const { clientId, phone, tablet, setId } = await devices.newWallet()
    const failure = new Error('no database')
    const failing = (text: string): Database => ({
      ...devices.tables.database,
      query: (sql, parameters) =>
        sql.includes(text) ? Promise.reject(failure) : devices.tables.database.query(sql, parameters),
    })
    for (const text of [`state = 'RETIRING'`, 'reshare_custodian_records']) {
      const database = failing(text)
      expect(await devices.revoke(tablet, PHONE, { ...devices.tables.context, database })).toMatchObject({
        deviceId: PHONE,
      })
      expect(devices.tables.errors.splice(0)).toEqual([failure])
    }
    expect(await devices.revokedAt(phone)).toEqual(at())
    expect(await devices.tables.state(setId)).toBe('DESTROYED')
    expect((await devices.tables.log(clientId))[0]).toBe(`deviceRevoked ${PHONE}`)
  })

  test('is so although the rest fails, which a sweep or any who may revoke it makes up for', async () => {
    const { clientId, phone, tablet, setId, own } = await devices.newWallet()
    const laptop = devices.tables.key({ clientId, device: 'ef'.repeat(32) })
    await devices.record(laptop)
    await devices.tables.set(laptop, {}, ACTIVE)
    const backup = { purpose: 'backup', sourceSetId: setId } as const
    const unconfirmed = await devices.tables.set(phone, backup, { committed_at: at() })
    const operation = devices.tables.key({ clientId, device: PHONE })
    await devices.tables.begin(operation)
    const prepared = await devices.tables.set(operation)
    const failure = new Error('no database')
    const query: Database['query'] = (sql, parameters) =>
      sql.includes('reshare_operations open') ? Promise.reject(failure) : devices.tables.database.query(sql, parameters)
    const failing = { ...devices.tables.context, database: { ...devices.tables.database, query } }
    const revoker = async () => (await devices.row(phone))?.['revoker']

    await expect(devices.revoke(tablet, PHONE, failing)).rejects.toThrow(failure)
    expect([await devices.revokedAt(phone), await revoker()]).toEqual([at(), TABLET])
    expect(await devices.states([setId, unconfirmed, prepared])).toEqual(['ACTIVE', 'PREPARED', 'PREPARED'])
    expect(await devices.tables.log(clientId)).toEqual([`deviceRevoked ${PHONE}`])
    await sweep(failing)
    // What has expired cannot be looked for, and the rest is done; the revocation waits for what the device has begun.
    expect(devices.tables.errors.splice(0)).toEqual([failure, leftForLater(PHONE, failure)])

    // The tablet may hold other wallets than the laptop: what it has begun stays to be finished.
    await devices.revoke(laptop)
    expect(await revoker()).toBe(TABLET)
    expect(await devices.states([setId, unconfirmed, prepared, own])).toEqual([
      'DESTROYED',
      'DESTROYED',
      'ABORTED',
      'ACTIVE',
    ])
    const another = await devices.tables.set(tablet, { walletId: OTHER_WALLET }, ACTIVE)
    const theirs = await devices.tables.set(phone, { ...backup, walletId: OTHER_WALLET }, { committed_at: at() })
    await sweep(devices.tables.context)
    expect([await revoker(), ...(await devices.states([theirs, another]))]).toEqual([null, 'DESTROYED', 'ACTIVE'])
  })
})
