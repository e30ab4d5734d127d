import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CustodianApp } from '../../src/custodian/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { toHex } from '../../src/util/bytes.ts'
import { encodeRoundBody } from '../../src/wire/round-body.ts'
import { paths } from '../../src/wire/paths.ts'
import { begin, newExport, post } from '../custodian/support/exports.ts'
import { fileCustodian, type CustodianWorld } from '../custodian/support/world.ts'
import { approve, deny, listApprovals, onConditions, requiredIn } from '../server/support/approvals.ts'
import { plantSet, deviceServer, listDevices, newDevice } from '../server/support/devices.ts'
import {
  generate,
  newBackup,
  newWallet,
  prove,
  recover,
  setIdOf,
  sign,
  signEcdsa,
  type TestWallet,
} from '../server/support/wallets.ts'
import { createWorld, type World } from '../server/support/world.ts'
import { clientsPath, request, storeBackup, userOf, usersPath } from '../support/custodian-app.ts'
import { seededRandom } from '../support/random.ts'
import { confirmSet, play, retireSet, type ServerClient } from '../support/server-client.ts'
import { createChecker } from './openapi-calls.ts'
import { readDocument } from './openapi.ts'

describe('the signing server responds as documented', () => {
  const document = readDocument('docs/reference/openapi-server.json')
  const checker = createChecker(document)
  let world: World
  let deviceId: string
  let phone: ServerClient
  let wallet: TestWallet
  beforeAll(async () => {
    world = createWorld(pgliteDatabase(), seededRandom())
    // The first request makes the tables, which a server behind the channel expects.
    await listDevices(world.client())
    deviceId = newDevice(world)
    phone = checker.client(deviceServer(world).client('client 1', deviceId))
    wallet = await newWallet(phone)
  })
  afterAll(() => world.database.close())

  test('about operations, sets, wallets and devices', async () => {
    const backup = await newBackup(phone, wallet)
    await play(sign(phone, wallet.signing))
    await play(signEcdsa(phone, wallet))
    await play(prove(phone, wallet.signing))
    const { prepared } = await play(recover(phone, backup, { rotateBackup: 'PASSKEY' }))
    await confirmSet(phone, setIdOf(prepared[1]!))
    const unsealed = checker.client(world.client(undefined, 'client 1'))
    const unbound = await newWallet(unsealed)
    expect((await listDevices(phone)).map((device) => device.deviceId)).toEqual([deviceId, null])
    const pages = [paths.wallets(null), `${paths.wallets(null)}?limit=1`, paths.sets(wallet.walletId)]
    for (const path of [...pages, paths.set(setIdOf(backup)), paths.joinRound('ab'.repeat(16), 1)]) {
      expect((await phone.send('GET', path)).status).toBe(200)
    }
    await newBackup(unsealed, unbound)
    expect((await retireSet(unsealed, setIdOf(unbound.signing))).state).toBe('DESTROYED')
  })

  test('about an aborted operation and a revoked device', async () => {
    const lost = checker.client(deviceServer(world).client('client 2', deviceId))
    const lostWallet = await newWallet(lost)
    const operation = generate(lost)
    await operation.post()
    expect((await lost.send('POST', paths.abort(operation.operationId))).status).toBe(200)
    expect((await lost.send('POST', paths.revoke(deviceId))).status).toBe(403)
    await newBackup(lost, lostWallet)
    expect((await lost.send('POST', paths.revoke(deviceId))).status).toBe(200)
    expect((await lost.send('GET', paths.devices)).status).toBe(403)
  })

  test('about requests for approval', async () => {
    const [asker, approver] = ['a5', 'a6'].map((byte) => byte.repeat(32)) as [string, string]
    const waiting = deviceServer(world, onConditions({ approval: 'any', delayMs: 1000, reason: 'large' }, 'sign'))
    const own = await newWallet(deviceServer(world).client('client 3', asker))
    await plantSet(world, waiting.context, { clientId: 'client 3', walletId: own.walletId, device: approver })
    world.pass(1)
    const [client, other] = [asker, approver].map((id) => checker.client(waiting.client('client 3', id))) as [
      ServerClient,
      ServerClient,
    ]
    const approvalId = requiredIn(await sign(client, own.signing).post())
    await approve(other, approvalId)
    expect(await listApprovals(other)).toHaveLength(1)
    await deny(other, approvalId)
  })

  test('to what it refuses', async () => {
    const stranger = checker.client(world.client())
    const empty = encodeRoundBody({ header: {}, messages: [] })
    const refused = [
      await phone.send('GET', paths.set('zz')),
      await stranger.send('GET', paths.set(setIdOf(wallet.signing))),
      await phone.send('GET', `${paths.wallets(null)}?limit=21`),
      await phone.send('POST', paths.round('cd'.repeat(16), 1), empty),
      await phone.send('POST', paths.round('cd'.repeat(16), 2), empty),
      await phone.send('POST', paths.confirm(setIdOf(wallet.signing))),
      await phone.send('POST', '/v1/sealed', new Uint8Array(100)),
    ]
    expect(refused.map(({ status }) => status)).toEqual([400, 401, 400, 400, 401, 409, 400])
  })

  test('for every route but that of sealed requests', () => {
    const succeeded = document.routes.filter((route) => checker.called.has(`${route} 200`))
    expect(document.routes.filter((route) => !succeeded.includes(route))).toEqual(['POST /v1/sealed'])
  })
})

describe('the custodian responds as documented', () => {
  const document = readDocument('docs/reference/openapi-custodian.json')
  const checker = createChecker(document)
  let world: CustodianWorld
  let app: CustodianApp
  fileCustodian(
    async () => pgliteDatabase(),
    (made) => {
      world = made
      const custodian = world.app({ authorizeExport: (_, { authorization }) => authorization !== 'wrong' })
      app = { ...custodian, fetch: checker.fetch(custodian.fetch) }
    },
  )

  test('about shares, cipherTexts and exports', async () => {
    const backup = await world.newBackup('ann')
    expect((await storeBackup(app, 'ann', backup)).status).toBe(200)
    const [setId, { clientId }] = [toHex(backup.client.setId), userOf('ann')]
    const stored = { backupMethod: 'PASSWORD', cipherText: 'a text', setId }
    const asked = [
      await request(app, 'POST', '/backup/fetch', { body: { clientId, setId } }),
      await request(app, 'PUT', usersPath('ann'), { user: 'ann', body: stored }),
      await request(app, 'GET', `${usersPath('ann')}?backupMethod=PASSWORD&skip=0`, { user: 'ann' }),
      await request(app, 'GET', `${clientsPath('ann')}?setId=${setId}`, { user: 'ann' }),
      await request(app, 'GET', '/v1/backups', { user: 'ann' }),
    ]
    expect(asked.map(({ status }) => status)).toEqual([200, 204, 200, 200, 200])
    for (const curve of ['secp256k1', 'ed25519'] as const) {
      const one = newExport(backup, world.random, curve)
      expect((await post(app, one.sharePath, one.proof(await begin(app, one, 'ann')), 'ann')).status).toBe(200)
    }
    expect((await request(app, 'POST', '/backup/delete', { body: { clientId, setId } })).status).toBe(200)
    const succeeded = document.routes.filter((route) => [200, 204].some((ok) => checker.called.has(`${route} ${ok}`)))
    expect(succeeded).toEqual(document.routes)
  })

  test('to what it refuses', async () => {
    const backup = await world.newBackup('bob')
    const one = newExport(backup, world.random, 'ed25519', 'wrong')
    const setId = toHex(backup.client.setId)
    const put = (body: object) => request(app, 'PUT', usersPath('bob'), { user: 'bob', body })
    const text = { backupMethod: 'PASSWORD', cipherText: 'a text', setId }
    const refused = [
      await request(app, 'POST', '/backup/fetch', { body: {} }),
      await request(app, 'POST', '/backup/fetch', { body: { clientId: 'a' }, secret: 'another' }),
      await request(app, 'GET', clientsPath('ann'), { user: 'bob' }),
      await request(app, 'GET', clientsPath('bob'), { user: 'bob' }),
      await put({ ...text, setId: '00'.repeat(32) }),
      await put(text),
      await put({ ...text, cipherText: 'another' }),
      await post(app, one.challengePath, one.asked, 'bob'),
      await post(app, one.sharePath, one.proof('00'.repeat(32)), 'bob'),
    ]
    expect(refused.map(({ status }) => status)).toEqual([400, 401, 401, 404, 404, 204, 409, 403, 422])
  })
})
