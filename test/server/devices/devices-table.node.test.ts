import { beforeEach, describe, expect, test } from 'vitest'
import type { Caller, CalledOperation } from '../../../src/server/access/caller.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { listDevices } from '../../../src/server/devices/list.ts'
import { revokeDevice } from '../../../src/server/devices/revoke.ts'
import { admitDevice, recordDevice, requireUnrevoked } from '../../../src/server/devices/devices-table.ts'
import { recordDecision } from '../../../src/server/rounds/operations-table.ts'
import type { PolicyRequest } from '../../../src/server/access/policy.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { START, WALLET, type Tables } from '../support/tables.ts'

const HOUR = 60 * 60_000
const PHONE = 'ab'.repeat(32)
const TABLET = 'cd'.repeat(32)
const OTHER_WALLET = '1'.repeat(32)

let tables: Tables
fileTables((made) => (tables = made))
beforeEach(() => {
  tables.clock = START
})

const at = (ms = 0) => new Date(START + ms)
const active = { state: 'ACTIVE', committed_at: at() }

/** A client with two devices that have made nothing. */
function newClient() {
  const phone = tables.key({ device: PHONE })
  return { clientId: phone.clientId, phone, tablet: tables.key({ clientId: phone.clientId, device: TABLET }) }
}

const note = (caller: Caller) => recordDevice(tables.context, tables.database, caller)
const deviceRow = ({ clientId, device }: Caller) =>
  tables.row('select * from reshare_devices where client_id = $1 and device = $2', clientId, device)
const revokedAt = async (caller: Caller) => (await deviceRow(caller))?.['revoked_at']
const revoke = (caller: Caller, device = PHONE, context = tables.context) => revokeDevice(context, caller, device)
const states = (setIds: readonly string[]) => Promise.all(setIds.map(tables.state))

/** Two devices that can sign for one wallet. */
async function newWallet() {
  const client = newClient()
  for (const caller of [client.phone, client.tablet]) await note(caller)
  const [setId, own] = [await tables.set(client.phone, {}, active), await tables.set(client.tablet, {}, active)]
  return { ...client, setId, own }
}

describe('a device', () => {
  test('is listed from its first set on, once', async () => {
    const { clientId, phone, tablet } = newClient()
    expect(await note({ clientId, device: null })).toEqual([])
    expect(await note(phone)).toEqual([{ event: 'deviceAdded', detail: PHONE }])
    tables.clock += 1
    expect(await note(phone)).toEqual([])
    expect(await note(tablet)).toEqual([{ event: 'deviceAdded', detail: TABLET }])
    expect(await note({ ...tables.key(), device: PHONE })).toHaveLength(1)
    const since = { created_at: at(), last_used_at: at(), revoked_at: null, revoker: null }
    expect(await deviceRow(phone)).toEqual({ client_id: clientId, device: PHONE, ...since })
  })

  test('is let in, with its last use to the hour', async () => {
    const { clientId, phone, tablet } = newClient()
    await admitDevice(tables.context, phone)
    await admitDevice(tables.context, { clientId, device: null })
    expect(await deviceRow(phone)).toBeUndefined()
    const stranger = tables.key({ device: PHONE })
    for (const caller of [phone, tablet, stranger]) await note(caller)
    const used = async (ms: number) => {
      tables.clock = START + ms
      await admitDevice(tables.context, phone)
      return (await deviceRow(phone))?.['last_used_at']
    }
    expect(await used(HOUR - 1)).toEqual(at())
    expect(await used(HOUR)).toEqual(at(HOUR))
    expect(await used(2 * HOUR - 1)).toEqual(at(HOUR))
    for (const caller of [tablet, stranger]) expect(await deviceRow(caller)).toMatchObject({ last_used_at: at() })
  })

  test('that was revoked is let in no more, and begins and ends nothing', async () => {
    const { clientId, phone, tablet } = newClient()
    const stranger = tables.key({ device: PHONE })
    await requireUnrevoked(tables.database, phone)
    for (const caller of [phone, tablet, stranger]) await note(caller)
    await tables.database.query('update reshare_devices set revoked_at = $3 where client_id = $1 and device = $2', [
      ...[clientId, PHONE, at()],
    ])
    tables.clock += 2 * HOUR
    await expect(admitDevice(tables.context, phone)).rejects.toThrow(errorOf('DEVICE_REVOKED'))
    await expect(requireUnrevoked(tables.database, phone)).rejects.toThrow(errorOf('DEVICE_REVOKED'))
    expect(await deviceRow(phone)).toMatchObject({ last_used_at: at() })
    for (const caller of [tablet, stranger, { clientId, device: null }]) {
      await admitDevice(tables.context, caller)
      await requireUnrevoked(tables.database, caller)
    }
  })
})

test('devices are listed as they came, each by its newest set, with the sets that it can use', async () => {
  const { clientId, phone, tablet } = newClient()
  const stranger = tables.key({ device: PHONE })
  tables.clock = START + 1000
  for (const caller of [phone, stranger]) await note(caller)
  tables.clock = START
  await note(tablet)
  const first = await tables.set(phone, { label: 'first' }, active)
  const second = await tables.set(phone, { label: 'second' }, active)
  await tables.set(phone, { label: 'aborted' }, { state: 'ABORTED' })
  await tables.set(phone, { label: '', purpose: 'backup' }, active)
  await tables.set(stranger, { label: 'of another client' }, active)
  const unsealed = { ...phone, device: null }
  const unbound = [
    await tables.set(unsealed, { label: 'unsealed' }, { ...active, last_used_at: at(7) }),
    await tables.set(unsealed, { label: 'newer' }, active),
  ]
  await tables.set(unsealed, { label: 'over' }, { state: 'DESTROYED' })
  await tables.set(unsealed, { purpose: 'backup' }, active)
  await tables.set({ ...stranger, device: null }, {}, active)
  await tables.set(tablet, {}, { state: 'ABORTED' })
  const device = (deviceId: string, label: string, ms: number, setIds: string[]) => {
    const since = at(ms).toISOString()
    return { deviceId, label, createdAt: since, lastUsedAt: since, revokedAt: null, setIds }
  }
  expect(await listDevices(tables.database, clientId)).toEqual([
    device(TABLET, '', 0, []),
    device(PHONE, 'second', 1000, [first, second]),
    { ...device('', 'newer', 0, unbound), deviceId: null, lastUsedAt: at(7).toISOString() },
  ])
  await tables.set(phone, { label: 'third' }, { state: 'RETIRING' })
  await tables.database.query('update reshare_devices set revoked_at = $2 where client_id = $1', [clientId, at(5)])
  await tables.database.query(`update reshare_sets set state = 'RETIRING' where client_id = $1 and device is null`, [
    clientId,
  ])
  expect(await listDevices(tables.database, clientId)).toEqual([
    { ...device(TABLET, '', 0, []), revokedAt: at(5).toISOString() },
    { ...device(PHONE, 'third', 1000, [first, second]), revokedAt: at(5).toISOString() },
  ])
})

describe('who may revoke a device', () => {
  test('itself, and nobody a device that the client does not have', async () => {
    const { phone, clientId } = newClient()
    await expect(revoke(phone)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await note(phone)
    await expect(revoke(tables.key({ device: PHONE }))).rejects.toThrow(errorOf('AUTH_FAILED'))
    await expect(revoke({ clientId, device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await revoke(phone)).toMatchObject({ deviceId: PHONE, revokedAt: at().toISOString(), setIds: [] })
  })

  test.each([
    ['can sign for a wallet that it has', {}, active, {}, active, true],
    ['can sign for a wallet that it had', {}, active, {}, { state: 'DESTROYED' }, true],
    ['cannot sign any more', {}, { state: 'RETIRING' }, {}, active, false],
    ['has made a backup', { purpose: 'backup' }, active, {}, active, false],
    ['can sign for a wallet that it has backed up', {}, active, { purpose: 'backup' }, active, false],
    ['can sign for another wallet', { walletId: OTHER_WALLET }, active, {}, active, false],
  ] as const)('another, if it %s', async (_, ownRow, ownColumns, row, columns, allowed) => {
    const { phone, tablet } = newClient()
    for (const caller of [phone, tablet]) await note(caller)
    await tables.set(tablet, ownRow, ownColumns)
    await tables.set(phone, row, columns)
    if (allowed) expect(await revoke(tablet)).toMatchObject({ deviceId: PHONE })
    else await expect(revoke(tablet)).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await revokedAt(phone)).toEqual(allowed ? at() : null)
    expect(await revokedAt(tablet)).toBeNull()
  })

  test('as the policy allows, which is asked before anything changes', async () => {
    const { clientId, phone, tablet, setId } = await newWallet()
    const asked: PolicyRequest[] = []
    const denying = { ...tables.context, policy: (request: PolicyRequest) => (asked.push(request), false) }
    await expect(revoke(tablet, PHONE, denying)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(asked).toEqual([{ clientId, deviceId: TABLET, action: 'revoke', revokedDeviceId: PHONE }])
    expect([await revokedAt(phone), await tables.state(setId)]).toEqual([null, 'ACTIVE'])
    await expect(revoke(tables.key({ device: TABLET }), PHONE, denying)).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(asked).toHaveLength(1)
  })

  test('not what has lost the right to while the policy was asked', async () => {
    const { clientId, phone, tablet, own } = await newWallet()
    const during = (sql: string, parameter: string) => ({
      ...tables.context,
      policy: async () => {
        await tables.database.query(sql, [clientId, parameter])
        return true
      },
    })
    const revoked = 'update reshare_devices set revoked_at = now() where client_id = $1 and device = $2'
    await expect(revoke(tablet, PHONE, during(revoked, TABLET))).rejects.toThrow(errorOf('DEVICE_REVOKED'))
    await tables.database.query('update reshare_devices set revoked_at = null where client_id = $1', [clientId])
    const ended = `update reshare_sets set state = 'RETIRING' where client_id = $1 and set_id = $2`
    await expect(revoke(tablet, PHONE, during(ended, own))).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await revokedAt(phone)).toBeNull()
  })
})

describe('a device that is revoked', () => {
  test('signs no more, and its halves are destroyed: those of no other', async () => {
    const { clientId, phone, tablet, setId, own } = await newWallet()
    const another = await tables.set(phone, { walletId: OTHER_WALLET }, active)
    const backup = await tables.set(phone, { purpose: 'backup' }, active)
    const prepared = await tables.set(phone)
    const stranger = await tables.set(tables.key({ device: PHONE }), {}, active)
    tables.clock = START + 3
    expect(await revoke(tablet)).toEqual({
      ...{ deviceId: PHONE, label: 'phone', createdAt: at().toISOString(), lastUsedAt: at().toISOString() },
      ...{ revokedAt: at(3).toISOString(), setIds: [] },
    })
    expect(await states([setId, another])).toEqual(['DESTROYED', 'DESTROYED'])
    expect(await tables.hasShare(setId)).toBe(false)
    expect(await states([own, backup, prepared, stranger])).toEqual(['ACTIVE', 'ACTIVE', 'PREPARED', 'ACTIVE'])
    const events = await tables.log(clientId)
    expect(events[0]).toBe(`deviceRevoked ${PHONE}`)
    expect(events.slice(1, 3).sort()).toEqual(
      [`retiring ${WALLET} ${setId}`, `retiring ${OTHER_WALLET} ${another}`].sort(),
    )
    expect(events.slice(3).sort()).toEqual(
      [`destroyed ${WALLET} ${setId}`, `destroyed ${OTHER_WALLET} ${another}`].sort(),
    )
    tables.clock = START + 4
    expect(await revoke(tablet)).toMatchObject({ revokedAt: at(3).toISOString() })
    expect(await tables.log(clientId)).toEqual(events)
  })

  test('ends nothing that it has begun', async () => {
    const { clientId, phone, tablet } = await newWallet()
    const begun = async (key: CalledOperation) => {
      await tables.begin(key)
      await tables.database.query('update reshare_operations set state = $2 where operation_id = $1', [
        ...[key.operationId, new Uint8Array(1)],
      ])
      return key
    }
    const newKey = (changes: Partial<CalledOperation> = {}) => tables.key({ clientId, device: PHONE, ...changes })
    const decided = await begun(newKey())
    await recordDecision(tables.context, tables.database, decided, 'COMMIT')
    const open = [await begun(newKey()), await begun(newKey())]
    open.sort((a, b) => (a.operationId < b.operationId ? -1 : 1))
    const others = [await begun(newKey({ device: TABLET })), await begun(newKey({ device: null }))]
    others.push(await begun(tables.key({ device: PHONE })))
    const [prepared, second] = [await tables.set(open[0]!), await tables.set(open[1]!)]
    await tables.set(phone)
    await revoke(tablet)
    const decisions = async (keys: CalledOperation[]) => {
      const rows = keys.map(({ operationId }) =>
        tables.row('select decision from reshare_decisions where operation_id = $1', operationId),
      )
      return (await Promise.all(rows)).map((row) => row?.['decision'])
    }
    expect(await decisions([decided, ...open, ...others])).toEqual([
      ...['COMMIT', 'ABORT', 'ABORT'],
      ...[undefined, undefined, undefined],
    ])
    expect(await states([prepared, second])).toEqual(['ABORTED', 'ABORTED'])
    const kept = await tables.database.query(
      'select operation_id from reshare_operations where client_id = $1 and state is not null',
      [clientId],
    )
    const ids = (keys: readonly CalledOperation[]) => keys.map(({ operationId }) => operationId).sort()
    expect(kept.map((row) => row['operation_id']).sort()).toEqual(ids([decided, ...others.slice(0, 2)]))
    expect((await tables.log(clientId)).slice(0, 3)).toEqual([
      `deviceRevoked ${PHONE}`,
      `aborted ${WALLET} ${prepared} ${open[0]!.operationId}`,
      `aborted ${WALLET} ${second} ${open[1]!.operationId}`,
    ])
  })

  test('by itself keeps a way back to each of its wallets, and its backups', async () => {
    const { clientId, phone } = newClient()
    await note(phone)
    const setIds = [await tables.set(phone, {}, active), await tables.set(phone, { walletId: OTHER_WALLET }, active)]
    await tables.set(phone, { purpose: 'backup' }, active)
    const unconfirmed = await tables.set(phone, { purpose: 'backup', walletId: OTHER_WALLET }, { committed_at: at() })
    await expect(revoke(phone)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(await states(setIds)).toEqual(['ACTIVE', 'ACTIVE'])
    expect([await revokedAt(phone), await tables.log(clientId)]).toEqual([null, []])
    const backup = await tables.set(phone, { purpose: 'backup', walletId: OTHER_WALLET }, active)
    // The custodian has lost it, and has it again.
    const half = tables.halves.get(backup)!
    tables.halves.delete(backup)
    await expect(revoke(phone)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect([await revokedAt(phone), await tables.log(clientId)]).toEqual([null, []])
    tables.halves.set(backup, half)
    await revoke(phone)
    expect(await states([...setIds, unconfirmed])).toEqual(['DESTROYED', 'DESTROYED', 'PREPARED'])
    const named = setIds.map((setId, i) => `${[WALLET, OTHER_WALLET][i]} ${setId}`)
    expect((await tables.log(clientId)).sort()).toEqual(
      [`deviceRevoked ${PHONE}`, ...named.flatMap((set) => [`retiring ${set}`, `destroyed ${set}`])].sort(),
    )
  })

  test('by another keeps no unconfirmed backup of a wallet that the other can sign for', async () => {
    const { clientId, phone, tablet, setId, own } = await newWallet()
    const backup = (row: object = {}, columns = {}) =>
      tables.set(phone, { purpose: 'backup', ...row }, { committed_at: at(), ...columns })
    const [ended, undecided] = [await backup({ sourceSetId: setId }), await backup({}, { committed_at: null })]
    const [confirmed, foreign] = [await backup({}, active), await backup({ walletId: OTHER_WALLET })]
    const theirs = await tables.set(tablet, { purpose: 'backup' }, { committed_at: at() })
    // What the tablet's set was recovered from, two steps back.
    const [older, parent] = [await backup(), await tables.set(tablet, {}, { state: 'DESTROYED' })]
    const link = 'update reshare_sets set source_set_id = $2 where set_id = $1'
    await tables.database.query(link, [own, parent])
    await tables.database.query(link, [parent, older])
    for (const half of [ended, older]) await recordCustodianShare(tables.database, phone, half)
    await revoke(tablet)
    expect(await states([ended, undecided, confirmed, foreign, theirs, older])).toEqual([
      ...['DESTROYED', 'PREPARED', 'ACTIVE', 'PREPARED', 'PREPARED', 'PREPARED'],
    ])
    expect(tables.removed).toContain(ended)
    expect(tables.removed).not.toContain(older)
    expect(await tables.log(clientId)).toEqual([
      `deviceRevoked ${PHONE}`,
      `retiring ${WALLET} ${setId}`,
      `destroyed ${WALLET} ${ended}`,
      `destroyed ${WALLET} ${setId}`,
    ])
  })

  test('ends what has come from its unconfirmed backups, on whichever device, and nothing else', async () => {
    const { clientId, phone, tablet, setId, own } = await newWallet()
    const committed = { committed_at: at() }
    const dealtBy = (sourceSetId: string) => ({ purpose: 'backup', sourceSetId }) as const
    const thief = { ...phone, device: 'ef'.repeat(32) }
    // One that was superseded since, and one that waits.
    const [over, waiting] = [
      await tables.set(phone, dealtBy(setId), { ...committed, state: 'DESTROYED' }),
      await tables.set(phone, dealtBy(setId), committed),
    ]
    const stolen = await tables.set(thief, { sourceSetId: waiting }, active)
    const ended = [
      stolen,
      await tables.set({ ...phone, device: null }, { sourceSetId: over }, active),
      await tables.set(thief, { sourceSetId: stolen }, active),
      await tables.set(thief, dealtBy(stolen), committed),
    ]
    ended.push(await tables.set(thief, { sourceSetId: ended[3]! }, active))
    const confirmed = await tables.set(phone, dealtBy(setId), { ...active, confirmed_at: at() })
    const gone = { ...committed, state: 'DESTROYED', confirmed_at: at() }
    const superseded = await tables.set(phone, dealtBy(setId), gone)
    const vouched = await tables.set(thief, dealtBy(stolen), active)
    const kept = [
      ...[own, confirmed, vouched],
      await tables.set(thief, { sourceSetId: confirmed }, active),
      await tables.set(thief, { sourceSetId: superseded }, active),
      await tables.set(thief, { sourceSetId: vouched }, active),
      await tables.set(thief, {}, active),
    ]
    const halves = [waiting, ended[3]!]
    for (const half of halves) await recordCustodianShare(tables.database, phone, half)
    await revoke(tablet)
    expect(await states([setId, over, waiting, ...ended])).toEqual(Array(8).fill('DESTROYED'))
    expect(await states(kept)).toEqual(Array(7).fill('ACTIVE'))
    for (const half of halves) expect(tables.removed).toContain(half)
    const log = await tables.log(clientId)
    for (const signing of [ended[0]!, ended[1]!, ended[2]!, ended[4]!])
      expect(log).toContain(`retiring ${WALLET} ${signing}`)
  })

  test('stays so, whatever goes wrong after that', async () => {
    const { clientId, phone, tablet, setId } = await newWallet()
    const failure = new Error('no database')
    const failing = (text: string): Database => ({
      ...tables.database,
      query: (sql, parameters) =>
        sql.includes(text) ? Promise.reject(failure) : tables.database.query(sql, parameters),
    })
    for (const text of [`state = 'RETIRING'`, 'reshare_custodian_records']) {
      const database = failing(text)
      expect(await revoke(tablet, PHONE, { ...tables.context, database })).toMatchObject({ deviceId: PHONE })
      expect(tables.errors.splice(0)).toEqual([failure])
    }
    expect(await revokedAt(phone)).toEqual(at())
    expect(await tables.state(setId)).toBe('DESTROYED')
    expect((await tables.log(clientId))[0]).toBe(`deviceRevoked ${PHONE}`)
  })

  test('is so although the rest fails, which a sweep or any who may revoke it makes up for', async () => {
    const { clientId, phone, tablet, setId, own } = await newWallet()
    const laptop = tables.key({ clientId, device: 'ef'.repeat(32) })
    await note(laptop)
    await tables.set(laptop, {}, active)
    const backup = { purpose: 'backup', sourceSetId: setId } as const
    const unconfirmed = await tables.set(phone, backup, { committed_at: at() })
    const operation = tables.key({ clientId, device: PHONE })
    await tables.begin(operation)
    const prepared = await tables.set(operation)
    const failure = new Error('no database')
    const query: Database['query'] = (sql, parameters) =>
      sql.includes('reshare_operations open') ? Promise.reject(failure) : tables.database.query(sql, parameters)
    const failing = { ...tables.context, database: { ...tables.database, query } }
    const revoker = async () => (await deviceRow(phone))?.['revoker']

    await expect(revoke(tablet, PHONE, failing)).rejects.toThrow(failure)
    expect([await revokedAt(phone), await revoker()]).toEqual([at(), TABLET])
    expect(await states([setId, unconfirmed, prepared])).toEqual(['ACTIVE', 'PREPARED', 'PREPARED'])
    expect(await tables.log(clientId)).toEqual([`deviceRevoked ${PHONE}`])
    await sweep(failing)
    // What has expired cannot be looked for, and the rest is done; the revocation waits for what the device has begun.
    expect(tables.errors.splice(0)).toEqual([failure, leftForLater(PHONE, failure)])

    // The tablet may hold other wallets than the laptop: what it has begun stays to be finished.
    await revoke(laptop)
    expect(await revoker()).toBe(TABLET)
    expect(await states([setId, unconfirmed, prepared, own])).toEqual(['DESTROYED', 'DESTROYED', 'ABORTED', 'ACTIVE'])
    const another = await tables.set(tablet, { walletId: OTHER_WALLET }, active)
    const theirs = await tables.set(phone, { ...backup, walletId: OTHER_WALLET }, { committed_at: at() })
    await sweep(tables.context)
    expect([await revoker(), ...(await states([theirs, another]))]).toEqual([null, 'DESTROYED', 'ACTIVE'])
  })
})
