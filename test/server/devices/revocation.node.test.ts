import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
import { verifyAuditLog, type PolicyRequest } from '../../../src/server/index.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { codeOf, confirmSet, play, retireSet, type Answer, type ServerClient } from '../../support/server-client.ts'
import { deviceServer, listDevices, newDevice, revokeDevice, stateOf, type DeviceServer } from '../support/devices.ts'
import { fileDevices } from '../support/file-devices.ts'
import { backup, generate, newWallet, preprocess, recover, refresh, setIdOf, sign } from '../support/wallets.ts'
import { MASTER_KEY, type World } from '../support/world.ts'

let world: World
let server: DeviceServer
const { newClientId, newClient, plant } = fileDevices((made) => ({ world, server } = made))

const revoked = { code: 'DEVICE_REVOKED', retryable: false }

describe('revoking a device', () => {
  test('ends its sets and operations for ever, nothing else, and a backup recovers elsewhere', async () => {
    const { clientId, phoneId, tabletId, phone, tablet } = newClient()
    const wallet = await newWallet(phone)
    const { walletId } = wallet
    const preprocessed = await play(preprocess(phone, wallet))
    const half = (await play(backup(phone, wallet))).prepared[0]!
    await confirmSet(phone, setIdOf(half))
    const waiting = refresh(phone, wallet)
    for (const _ of [1, 2]) waiting.take(await waiting.post())
    const begun = backup(phone, wallet)
    for (const _ of [1, 2]) begun.take(await begun.post())
    expect(world.custodian.halves.get(clientId)).toHaveLength(2)
    const onTablet = (await play(recover(tablet, half))).prepared[0]!

    const asked: PolicyRequest[] = []
    const policy = (request: PolicyRequest) => asked.push(request) > 0
    const judged = deviceServer(world, { policy }).client(clientId, tabletId)
    const status = await revokeDevice(judged, phoneId)
    expect(asked).toEqual([{ clientId, action: 'revoke', deviceId: tabletId, revokedDeviceId: phoneId }])
    expect(status).toEqual({
      deviceId: phoneId,
      label: 'phone',
      createdAt: expect.any(String),
      lastUsedAt: expect.any(String),
      revokedAt: new Date(world.now()).toISOString(),
      setIds: [],
    })

    expect(await stateOf(world, setIdOf(wallet.signing))).toBe('DESTROYED')
    expect(await stateOf(world, setIdOf(waiting.prepared[0]!))).toBe('ABORTED')
    expect(await stateOf(world, setIdOf(begun.prepared[0]!))).toBe('ABORTED')
    expect(await stateOf(world, setIdOf(half))).toBe('ACTIVE')
    expect(world.custodian.halves.get(clientId)).toHaveLength(1)
    for (const table of ['shares', 'ot_states', 'preprocessings']) {
      const left = await world.database.query(
        `select set_id from reshare_${table} where set_id in (select set_id from reshare_sets where device = $1)`,
        [phoneId],
      )
      expect([table, left]).toEqual([table, []])
    }

    const requests: Promise<Answer>[] = [
      waiting.post(),
      begun.post(),
      ...[sign(phone, wallet.signing), generate(phone), recover(phone, half)].map((operation) => operation.post()),
      ...[paths.abort(preprocessed.operationId), paths.retire(setIdOf(onTablet)), paths.confirm(setIdOf(half))].map(
        (path) => phone.send('POST', path),
      ),
      ...[paths.set(setIdOf(half)), paths.sets(walletId), paths.devices].map((path) => phone.send('GET', path)),
      phone.send('POST', paths.revoke(phoneId)),
      phone.send('POST', paths.round('no id', 77), new Uint8Array(9)),
    ]
    for (const answer of await Promise.all(requests))
      expect([answer.status, codeOf(answer)]).toEqual([403, revoked.code])

    world.pass(1)
    const repeated = await revokeDevice(tablet, phoneId)
    expect(repeated).toEqual(status)
    await play(sign(tablet, onTablet))
    const laptop = server.client(clientId, newDevice(world))
    await play(sign(laptop, (await play(recover(laptop, half))).prepared[0]!))
  })

  test('is up to itself and to devices that can sign for a wallet that it had', async () => {
    const { clientId, phoneId, tabletId, phone, tablet, unsealed } = newClient()
    const walletId = toHex(world.random(16))
    await plant({ clientId, walletId, device: phoneId, proven: true })
    const refuse = async (client: ServerClient, target = phoneId) => {
      const answer = await client.send('POST', paths.revoke(target))
      expect(answer).toEqual(await client.send('POST', paths.revoke(newDevice(world))))
      expect(codeOf(answer)).toBe('AUTH_FAILED')
    }
    // Whoever has the client's credentials can make a wallet of their own.
    const thief = server.client(clientId, newDevice(world))
    await play(generate(thief))
    await refuse(thief)
    await refuse(unsealed)
    await refuse(server.client(newClientId(), phoneId))
    await refuse(tablet)
    const own = setIdOf(await plant({ clientId, walletId, device: tabletId, proven: true }))
    await retireSet(phone, own)
    await refuse(tablet)
    await refuse(
      phone,
      tabletId.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    )
    // A device that has no set any more is revoked as well: it may still hold the credentials.
    expect((await revokeDevice(phone, tabletId)).revokedAt).not.toBeNull()
    await plant({ clientId, walletId, device: null, proven: true })
    const laptopId = newDevice(world)
    const laptop = server.client(clientId, laptopId)
    await retireSet(laptop, setIdOf(await plant({ clientId, walletId, device: laptopId })))
    expect((await revokeDevice(laptop, laptopId)).revokedAt).not.toBeNull()
    await revokeDevice(phone, phoneId)
    await expect(revokeDevice(phone, phoneId)).rejects.toMatchObject(revoked)
  })

  test('is denied by a policy and refuses a body, and nothing has changed', async () => {
    const { clientId, phoneId, phone } = newClient()
    const signing = await plant({ clientId, device: phoneId })
    await plant({ clientId, walletId: toHex(signing.walletId), device: null, proven: true })
    const strict = deviceServer(world, { policy: () => false }).client(clientId, phoneId)
    await expect(revokeDevice(strict, phoneId)).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    expect(codeOf(await phone.send('POST', paths.revoke(phoneId), new Uint8Array(1)))).toBe('BAD_REQUEST')
    expect(codeOf(await phone.send('POST', paths.revoke('00')))).toBe('BAD_REQUEST')
    await play(sign(phone, signing))
  })

  test('takes the last way to a wallet from nobody who revokes itself, nor protects a thief', async () => {
    const { clientId, phoneId, tabletId, phone, tablet } = newClient()
    const walletId = toHex(world.random(16))
    const shared = setIdOf(await plant({ clientId, walletId, device: phoneId, proven: true }))
    // Two sets of one device are no way back for each other.
    await plant({ clientId, walletId, device: phoneId, proven: true })
    await expect(revokeDevice(phone, phoneId)).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    expect(await stateOf(world, shared)).toBe('ACTIVE')
    const alone = setIdOf(await plant({ clientId, device: phoneId, proven: true }))
    await plant({ clientId, walletId, device: tabletId, proven: true })
    await expect(revokeDevice(phone, phoneId)).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await revokeDevice(tablet, phoneId)
    for (const setId of [shared, alone]) expect(await stateOf(world, setId)).toBe('DESTROYED')
  })

  test('ends the backups that it made and nobody confirmed, but for what may be the way back', async () => {
    const { clientId, phoneId, tabletId, tablet } = newClient()
    const walletId = toHex(world.random(16))
    const made = { clientId, walletId, device: phoneId, purpose: 'backup', state: 'PREPARED' } as const
    await plant({ clientId, walletId, device: phoneId })
    const confirmed = setIdOf(await plant({ ...made, state: 'ACTIVE' }))
    const unconfirmed = setIdOf(await plant(made))
    const wayBack = setIdOf(await plant(made))
    const before = setIdOf(await plant({ clientId, walletId, device: null, sourceSetId: wayBack }))
    await plant({ clientId, walletId, device: tabletId, sourceSetId: before })
    const other = await plant({ clientId, device: phoneId })
    const unheld = setIdOf(await plant({ ...made, walletId: toHex(other.walletId) }))
    const own = setIdOf(await plant({ ...made, device: tabletId }))
    const foreign = newClient()
    const elsewhere = setIdOf(await plant({ ...made, clientId: foreign.clientId }))
    const held = world.custodian.halves.get(clientId)!.length
    await revokeDevice(tablet, phoneId)
    const states = await Promise.all(
      [confirmed, unconfirmed, wayBack, unheld, own, elsewhere].map((id) => stateOf(world, id)),
    )
    expect(states).toEqual(['ACTIVE', 'DESTROYED', 'PREPARED', 'PREPARED', 'PREPARED', 'PREPARED'])
    expect(world.custodian.halves.get(clientId)).toHaveLength(held - 1)
  })

  test('that a restored database does not know of is made up for as docs/operations.md says', async () => {
    const { clientId, phoneId, phone } = newClient()
    const unknown = newDevice(world)
    const setId = setIdOf(await plant({ clientId, device: phoneId }))
    const page = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    const [, sql] = /```sql\n(.*?)```/s.exec(page) as unknown as [string, string]
    for (const device of [phoneId, unknown]) {
      for (const statement of sql.split(';\n').filter((text) => text.trim())) {
        await world.database.query(statement, [clientId, device])
      }
    }
    await sweep(server.context)
    expect(await stateOf(world, setId)).toBe('DESTROYED')
    for (const client of [phone, server.client(clientId, unknown)]) {
      await expect(listDevices(client)).rejects.toMatchObject(revoked)
    }
  })

  test('agrees with the log wherever it ends', async () => {
    const { clientId, phoneId, tabletId, phone, tablet } = newClient()
    const wallet = await newWallet(phone)
    const half = (await play(backup(phone, wallet))).prepared[0]!
    await play(recover(tablet, half))
    const loose = (await play(backup(phone, wallet))).prepared[0]!
    const waiting = refresh(phone, wallet)
    waiting.take(await waiting.post())
    const breaks = async () => {
      const report = await verifyAuditLog({ database: world.database, masterKey: MASTER_KEY.slice(0, 32) })
      return report.breaks.filter((one) => one.clientId === clientId)
    }
    for (const point of ['reshare_operations open', 'set revoker = null', `where state = 'RETIRING'`]) {
      const failing = (inner: Queryable): Queryable => ({
        query: (sql, parameters) => {
          if (sql.includes(point)) throw new Error('the process has ended')
          return inner.query(sql, parameters)
        },
      })
      const transaction: Database['transaction'] = (work, isolation) =>
        world.database.transaction((tx) => work(failing(tx)), isolation)
      const database = { ...world.database, ...failing(world.database), transaction }
      const dying = deviceServer(world, { database, onError: () => undefined }).client(clientId, tabletId)
      await dying.send('POST', paths.revoke(phoneId))
      const revoked = (await listDevices(tablet)).find(({ deviceId }) => deviceId === phoneId)
      expect(revoked).toMatchObject({ revokedAt: expect.any(String) })
      expect(await breaks()).toEqual([])
    }
    expect(await stateOf(world, setIdOf(wallet.signing))).toBe('RETIRING')
    await sweep(server.context)
    expect(await Promise.all([wallet.signing, half, loose].map((set) => stateOf(world, setIdOf(set))))).toEqual([
      ...['DESTROYED', 'PREPARED', 'DESTROYED'],
    ])
    expect(await breaks()).toEqual([])
  })

  test('that ends before the shares are destroyed is finished by a sweep', async () => {
    const { clientId, phoneId, tabletId } = newClient()
    const walletId = toHex(world.random(16))
    const setId = setIdOf(await plant({ clientId, walletId, device: phoneId }))
    await plant({ clientId, walletId, device: tabletId })
    const query: World['database']['query'] = (sql, parameters) => {
      if (sql.includes(`state = 'RETIRING'`)) throw new Error('the connection is lost')
      return world.database.query(sql, parameters)
    }
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const failing = deviceServer(world, { database: { ...world.database, query }, onError })
    expect((await revokeDevice(failing.client(clientId, tabletId), phoneId)).revokedAt).not.toBeNull()
    expect([await stateOf(world, setId), errors.length]).toEqual(['RETIRING', 1])
    await sweep(server.context)
    expect(await stateOf(world, setId)).toBe('DESTROYED')
  })
})
