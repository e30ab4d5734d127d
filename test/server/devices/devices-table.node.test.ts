import { describe, expect, test } from 'vitest'
import { listDevices } from '../../../src/server/devices/list.ts'
import { admitDevice, requireUnrevoked } from '../../../src/server/devices/devices-table.ts'
import type { PolicyRequest } from '../../../src/server/access/policy.ts'
import { errorOf } from '../support/error-of.ts'
import { ACTIVE, HOUR } from '../support/rate-limits.ts'
import { at, fileDevices, OTHER_WALLET, PHONE, TABLET, type TableDevices } from '../support/table-devices.ts'
import { START } from '../support/tables.ts'

let devices: TableDevices
fileDevices((made) => (devices = made))

describe('a device', () => {
  test('is listed from its first set on, once', async () => {
    const { clientId, phone, tablet } = devices.newClient()
    expect(await devices.record({ clientId, device: null })).toEqual([])
    expect(await devices.record(phone)).toEqual([{ event: 'deviceAdded', detail: PHONE }])
    devices.tables.clock += 1
    expect(await devices.record(phone)).toEqual([])
    expect(await devices.record(tablet)).toEqual([{ event: 'deviceAdded', detail: TABLET }])
    expect(await devices.record({ ...devices.tables.key(), device: PHONE })).toHaveLength(1)
    const since = { created_at: at(), last_used_at: at(), revoked_at: null, revoker: null }
    expect(await devices.row(phone)).toEqual({ client_id: clientId, device: PHONE, ...since })
  })

  test('is let in, with its last use to the hour', async () => {
    const { clientId, phone, tablet } = devices.newClient()
    await admitDevice(devices.tables.context, phone)
    await admitDevice(devices.tables.context, { clientId, device: null })
    expect(await devices.row(phone)).toBeUndefined()
    const stranger = devices.tables.key({ device: PHONE })
    for (const caller of [phone, tablet, stranger]) await devices.record(caller)
    const used = async (ms: number) => {
      devices.tables.clock = START + ms
      await admitDevice(devices.tables.context, phone)
      return (await devices.row(phone))?.['last_used_at']
    }
    expect(await used(HOUR - 1)).toEqual(at())
    expect(await used(HOUR)).toEqual(at(HOUR))
    expect(await used(2 * HOUR - 1)).toEqual(at(HOUR))
    for (const caller of [tablet, stranger]) expect(await devices.row(caller)).toMatchObject({ last_used_at: at() })
  })

  test('that was revoked is let in no more, and begins and ends nothing', async () => {
    const { clientId, phone, tablet } = devices.newClient()
    const stranger = devices.tables.key({ device: PHONE })
    await requireUnrevoked(devices.tables.database, phone)
    for (const caller of [phone, tablet, stranger]) await devices.record(caller)
    await devices.tables.database.query(
      'update reshare_devices set revoked_at = $3 where client_id = $1 and device = $2',
      [...[clientId, PHONE, at()]],
    )
    devices.tables.clock += 2 * HOUR
    await expect(admitDevice(devices.tables.context, phone)).rejects.toThrow(errorOf('DEVICE_REVOKED'))
    await expect(requireUnrevoked(devices.tables.database, phone)).rejects.toThrow(errorOf('DEVICE_REVOKED'))
    expect(await devices.row(phone)).toMatchObject({ last_used_at: at() })
    for (const caller of [tablet, stranger, { clientId, device: null }]) {
      await admitDevice(devices.tables.context, caller)
      await requireUnrevoked(devices.tables.database, caller)
    }
  })
})

test('devices are listed as they came, each by its newest set, with the sets that it can use', async () => {
  const { clientId, phone, tablet } = devices.newClient()
  const stranger = devices.tables.key({ device: PHONE })
  devices.tables.clock = START + 1000
  for (const caller of [phone, stranger]) await devices.record(caller)
  devices.tables.clock = START
  await devices.record(tablet)
  const first = await devices.tables.set(phone, { label: 'first' }, ACTIVE)
  const second = await devices.tables.set(phone, { label: 'second' }, ACTIVE)
  await devices.tables.set(phone, { label: 'aborted' }, { state: 'ABORTED' })
  await devices.tables.set(phone, { label: '', purpose: 'backup' }, ACTIVE)
  await devices.tables.set(stranger, { label: 'of another client' }, ACTIVE)
  const unsealed = { ...phone, device: null }
  const unbound = [
    await devices.tables.set(unsealed, { label: 'unsealed' }, { ...ACTIVE, last_used_at: at(7) }),
    await devices.tables.set(unsealed, { label: 'newer' }, ACTIVE),
  ]
  await devices.tables.set(unsealed, { label: 'over' }, { state: 'DESTROYED' })
  await devices.tables.set(unsealed, { purpose: 'backup' }, ACTIVE)
  await devices.tables.set({ ...stranger, device: null }, {}, ACTIVE)
  await devices.tables.set(tablet, {}, { state: 'ABORTED' })
  const device = (deviceId: string, label: string, ms: number, setIds: string[]) => {
    const since = at(ms).toISOString()
    return { deviceId, label, createdAt: since, lastUsedAt: since, revokedAt: null, setIds }
  }
  // The tablet has made no set that was committed.
  expect(await listDevices(devices.tables.database, clientId)).toEqual([
    device(PHONE, 'second', 1000, [first, second]),
    { ...device('', 'newer', 0, unbound), deviceId: null, lastUsedAt: at(7).toISOString() },
  ])
  await devices.tables.set(phone, { label: 'third' }, { state: 'RETIRING' })
  await devices.tables.database.query('update reshare_devices set revoked_at = $2 where client_id = $1', [
    clientId,
    at(5),
  ])
  await devices.tables.database.query(
    `update reshare_sets set state = 'RETIRING' where client_id = $1 and device is null`,
    [clientId],
  )
  expect(await listDevices(devices.tables.database, clientId)).toEqual([
    { ...device(TABLET, '', 0, []), revokedAt: at(5).toISOString() },
    { ...device(PHONE, 'third', 1000, [first, second]), revokedAt: at(5).toISOString() },
  ])
})

describe('who may revoke a device', () => {
  test('itself, and nobody a device that the client does not have', async () => {
    const { phone, clientId } = devices.newClient()
    await expect(devices.revoke(phone)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await devices.record(phone)
    await expect(devices.revoke(devices.tables.key({ device: PHONE }))).rejects.toThrow(errorOf('AUTH_FAILED'))
    await expect(devices.revoke({ clientId, device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await devices.revoke(phone)).toMatchObject({ deviceId: PHONE, revokedAt: at().toISOString(), setIds: [] })
  })

  test.each([
    ['can sign for a wallet that it has', {}, ACTIVE, {}, ACTIVE, true],
    ['can sign for a wallet that it had', {}, ACTIVE, {}, { state: 'DESTROYED' }, true],
    ['cannot sign any more', {}, { state: 'RETIRING' }, {}, ACTIVE, false],
    ['has made a backup', { purpose: 'backup' }, ACTIVE, {}, ACTIVE, false],
    ['can sign for a wallet that it has backed up', {}, ACTIVE, { purpose: 'backup' }, ACTIVE, false],
    ['can sign for another wallet', { walletId: OTHER_WALLET }, ACTIVE, {}, ACTIVE, false],
  ] as const)('another, if it %s', async (_, ownRow, ownColumns, row, columns, allowed) => {
    const { phone, tablet } = devices.newClient()
    for (const caller of [phone, tablet]) await devices.record(caller)
    await devices.tables.set(tablet, ownRow, ownColumns)
    await devices.tables.set(phone, row, columns)
    if (allowed) expect(await devices.revoke(tablet)).toMatchObject({ deviceId: PHONE })
    else await expect(devices.revoke(tablet)).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await devices.revokedAt(phone)).toEqual(allowed ? at() : null)
    expect(await devices.revokedAt(tablet)).toBeNull()
  })

  test('as the policy allows, which is asked before anything changes', async () => {
    const { clientId, phone, tablet, setId } = await devices.newWallet()
    const asked: PolicyRequest[] = []
    const denying = { ...devices.tables.context, policy: (request: PolicyRequest) => (asked.push(request), false) }
    await expect(devices.revoke(tablet, PHONE, denying)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(asked).toEqual([{ clientId, deviceId: TABLET, action: 'revoke', revokedDeviceId: PHONE }])
    expect([await devices.revokedAt(phone), await devices.tables.state(setId)]).toEqual([null, 'ACTIVE'])
    await expect(devices.revoke(devices.tables.key({ device: TABLET }), PHONE, denying)).rejects.toThrow(
      errorOf('AUTH_FAILED'),
    )
    expect(asked).toHaveLength(1)
  })

  test('not what has lost the right to while the policy was asked', async () => {
    const { clientId, phone, tablet, own } = await devices.newWallet()
    const during = (sql: string, parameter: string) => ({
      ...devices.tables.context,
      policy: async () => {
        await devices.tables.database.query(sql, [clientId, parameter])
        return true
      },
    })
    const revoked = 'update reshare_devices set revoked_at = now() where client_id = $1 and device = $2'
    await expect(devices.revoke(tablet, PHONE, during(revoked, TABLET))).rejects.toThrow(errorOf('DEVICE_REVOKED'))
    await devices.tables.database.query('update reshare_devices set revoked_at = null where client_id = $1', [clientId])
    const ended = `update reshare_sets set state = 'RETIRING' where client_id = $1 and set_id = $2`
    await expect(devices.revoke(tablet, PHONE, during(ended, own))).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await devices.revokedAt(phone)).toBeNull()
  })
})
