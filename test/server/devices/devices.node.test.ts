import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import type { Decision, ExportRequest, SetStatus } from '../../../src/wire/operations.ts'
import { paths } from '../../../src/wire/paths.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
import { verifyAuditLog, type PolicyRequest } from '../../../src/server/index.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import {
  abortOperation,
  ClientOperation,
  codeOf,
  confirmSet,
  getJson,
  play,
  retireSet,
  setStatus,
  type Answer,
  type ServerClient,
} from '../../support/server-client.ts'
import {
  deviceServer,
  listDevices,
  newDevice,
  plantSet,
  revokeDevice,
  stateOf,
  type DeviceServer,
  type Planted,
} from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { unknownFlight, unknownIds } from '../support/unknown.ts'
import {
  backup,
  generate,
  newWallet,
  preprocess,
  prove,
  recover,
  refresh,
  setIdOf,
  setup,
  sign,
  signEcdsa,
  type TestWallet,
} from '../support/wallets.ts'
import { MASTER_KEY, type World } from '../support/world.ts'

let world: World
let server: DeviceServer
fileWorld(async (made) => {
  world = made
  server = deviceServer(world)
})

const newClientId = () => `client-${toHex(world.random(8))}`
const plant = (planted: Planted) => plantSet(world, server.context, planted)
const refused = { code: 'AUTH_FAILED', message: 'not authorized' }
const revoked = { code: 'DEVICE_REVOKED', retryable: false }

/** A client with a phone, a tablet, and requests that come unsealed. */
function newClient() {
  const clientId = newClientId()
  const [phoneId, tabletId] = [newDevice(world), newDevice(world)]
  const [phone, tablet] = [server.client(clientId, phoneId), server.client(clientId, tabletId)]
  return { clientId, phoneId, tabletId, phone, tablet, unsealed: server.client(clientId, null) }
}

function exportKey(client: ServerClient, { walletId, signing }: TestWallet): ClientOperation {
  const curve = 'ed25519'
  const named = { walletId, setId: setIdOf(signing), authorization: 'code' }
  const request: ExportRequest = { kind: 'export', ...named, curve, receiver: `09${'00'.repeat(31)}` }
  return new ClientOperation(client, request, signing)
}

/** A signature with a preprocessing that there is not. */
function unknownPreprocessing(client: ServerClient, wallet: TestWallet): ClientOperation {
  const operation = signEcdsa(client, wallet)
  const { messages } = decodeRoundBody(operation.body as Uint8Array)
  const source = { kind: 'preprocessing', id: '00'.repeat(32) }
  operation.body = encodeRoundBody({ header: { ...operation.request, source }, messages })
  return operation
}

/** A wallet without its ECDSA setup. */
const walletOf = (signing: WalletShares): TestWallet => ({
  walletId: toHex(signing.walletId),
  signing,
  pair: undefined as never,
})

describe('a set', () => {
  test('serves the device that made it; for others, and unsealed requests, it does not exist', async () => {
    const { phone, phoneId, tablet, unsealed } = newClient()
    const wallet = await newWallet(phone)
    expect((await setStatus(phone, setIdOf(wallet.signing))).deviceId).toBe(phoneId)
    const firsts = (client: ServerClient): [string, ClientOperation][] => [
      ['sign', sign(client, wallet.signing)],
      ['ecdsa', signEcdsa(client, wallet)],
      ['ephemeralSetup', signEcdsa(client, wallet, { source: { kind: 'ephemeralSetup' } })],
      ['preprocessing', unknownPreprocessing(client, wallet)],
      ['preprocess', preprocess(client, wallet)],
      ['setup', setup(client, wallet)],
      ['prove', prove(client, wallet.signing)],
      ['backup', backup(client, wallet)],
      ['refresh', refresh(client, wallet)],
      ['export', exportKey(client, wallet)],
      ['recover', recover(client, wallet.signing)],
    ]
    for (const stranger of [tablet, unsealed]) {
      for (const [name, operation] of firsts(stranger)) {
        const answer = await operation.post()
        const body = unknownFlight(world, operation.body as Uint8Array)
        const unknown = await stranger.send('POST', unknownIds(world, paths.round(operation.operationId, 1)), body)
        expect([name, codeOf(answer), answer]).toEqual([name, 'AUTH_FAILED', unknown])
      }
    }
    const own: Record<string, string> = { preprocessing: 'PREPROCESSING_NOT_FOUND', recover: 'SET_MISMATCH' }
    for (const [name, operation] of firsts(phone)) {
      const answer = await operation.post()
      expect([name, answer.status === 200 ? undefined : codeOf(answer)]).toEqual([name, own[name]])
    }
  })

  test('made unsealed serves every caller of the client, until a device refreshes it', async () => {
    const { clientId, phone, phoneId, unsealed } = newClient()
    const signing = await plant({ clientId, device: null })
    for (const client of [phone, unsealed]) await play(sign(client, signing))
    const fresh = (await play(refresh(phone, walletOf(signing)))).prepared[0]!
    expect((await setStatus(unsealed, setIdOf(fresh))).deviceId).toBe(phoneId)
    await expect(play(sign(unsealed, fresh))).rejects.toMatchObject(refused)
    await play(sign(unsealed, signing))
    expect((await play(prove(phone, fresh))).result?.retired).toEqual([setIdOf(signing)])
  })

  test('is retired by its device, and by one that can sign for the same wallet, by nobody else', async () => {
    const { clientId, phoneId, tabletId, phone, tablet, unsealed } = newClient()
    const walletId = toHex(world.random(16))
    const own = setIdOf(await plant({ clientId, walletId, device: phoneId, proven: true }))
    const ended = setIdOf(await plant({ clientId, walletId, device: tabletId, proven: true }))
    const other = setIdOf(await plant({ clientId, walletId, device: phoneId, proven: true }))
    const stranger = newDevice(world)
    await plant({ clientId, device: stranger })
    await retireSet(phone, ended)
    expect(await stateOf(world, ended)).toBe('DESTROYED')
    for (const client of [tablet, unsealed, server.client(clientId, stranger)]) {
      await expect(retireSet(client, own)).rejects.toMatchObject(refused)
    }
    expect((await retireSet(phone, own)).state).toBe('DESTROYED')
    await expect(retireSet(tablet, other)).rejects.toMatchObject(refused)
    expect(await stateOf(world, other)).toBe('ACTIVE')
  })
})

describe('a backup', () => {
  test('recovers on any device, which the new set is bound to', async () => {
    const { phone, tablet, tabletId, unsealed } = newClient()
    const half = (await play(backup(phone, await newWallet(phone)))).prepared[0]!
    const onTablet = (await play(recover(tablet, half))).prepared[0]!
    expect((await setStatus(tablet, setIdOf(onTablet))).deviceId).toBe(tabletId)
    await play(sign(tablet, onTablet))
    await expect(play(sign(phone, onTablet))).rejects.toMatchObject(refused)
    for (const dryRun of [false, true]) {
      const sealedOnly = { code: 'CHANNEL_FAILED', retryable: false }
      await expect(play(recover(unsealed, half, { dryRun }))).rejects.toMatchObject(sealedOnly)
    }
  })

  test('of a wallet without device keys recovers unsealed, until a device with a key has a set of it', async () => {
    const { phone, unsealed } = newClient()
    const half = (await play(backup(unsealed, await newWallet(unsealed)))).prepared[0]!
    const onNone = (await play(recover(unsealed, half))).prepared[0]!
    await play(sign(unsealed, onNone))
    const late = recover(unsealed, half)
    for (const _ of [1, 2]) late.take(await late.post())
    const onPhone = (await play(recover(phone, half))).prepared[0]!
    expect(codeOf(await late.post())).toBe('CHANNEL_FAILED')
    expect(await stateOf(world, setIdOf(late.prepared[0]!))).toBe('ABORTED')
    await play(sign(phone, onPhone))
    await play(sign(unsealed, onNone))
    expect(await listDevices(phone)).toMatchObject([{ setIds: [setIdOf(onPhone)] }, { deviceId: null }])
  })

  test('is confirmed by the device that made it, and by one that can sign for the wallet, by nobody else', async () => {
    const { clientId, phoneId, tabletId, phone, tablet, unsealed } = newClient()
    const walletId = toHex(world.random(16))
    const purpose = 'backup'
    const old = setIdOf(await plant({ clientId, walletId, device: null, purpose }))
    await plant({ clientId, device: tabletId })
    const waiting = { clientId, walletId, device: phoneId, purpose, state: 'PREPARED' } as const
    const made = setIdOf(await plant(waiting))
    for (const client of [tablet, unsealed]) await expect(confirmSet(client, made)).rejects.toMatchObject(refused)
    expect(await stateOf(world, old)).toBe('ACTIVE')
    expect(await confirmSet(phone, made)).toMatchObject({ state: 'ACTIVE', deviceId: phoneId })
    expect(await stateOf(world, old)).toBe('DESTROYED')
    const newer = setIdOf(await plant(waiting))
    await plant({ clientId, walletId, device: tabletId })
    await confirmSet(tablet, newer)
    const unbound = setIdOf(await plant({ ...waiting, device: null }))
    await confirmSet(unsealed, unbound)
  })
})

describe('an operation', () => {
  /** What a round and an abort of an operation are answered with. */
  async function ask(client: ServerClient, operation: ClientOperation, round: number): Promise<Answer[]> {
    const body = operation.body as Uint8Array
    return [
      await client.send('POST', paths.round(operation.operationId, round), body),
      await client.send('POST', paths.abort(operation.operationId)),
    ]
  }

  test('goes on, is aborted and is told about by the device that began it alone', async () => {
    const { clientId, phoneId, phone, tablet, unsealed } = newClient()
    const operation = refresh(phone, walletOf(await plant({ clientId, device: phoneId })))
    const strangers = [tablet, unsealed]
    const unknown = await tablet.send('POST', paths.abort('00'.repeat(16)))
    const foreign = async (round: number) => {
      for (const client of strangers) expect(await ask(client, operation, round)).toEqual([unknown, unknown])
    }
    const first = operation.body as Uint8Array
    operation.take(await operation.post())
    expect(await tablet.send('POST', paths.round(operation.operationId, 1), first)).toEqual(unknown)
    await foreign(2)
    await play(operation)
    operation.body = first
    await foreign(1)
    expect(await abortOperation(phone, operation.operationId)).toEqual({ decision: 'COMMIT' })
    world.pass(2 * 60 * 60_000)
    await sweep(server.context)
    const gone = await world.database.query('select 1 from reshare_operations where operation_id = $1', [
      operation.operationId,
    ])
    expect(gone).toEqual([])
    await foreign(1)
    expect(await abortOperation(phone, operation.operationId)).toEqual({ decision: 'COMMIT' })
  })

  test('begun unsealed may end sealed: a device that has just got its key settles what it left', async () => {
    const { phone, unsealed } = newClient()
    const operation = generate(unsealed)
    operation.take(await operation.post())
    operation.take(await operation.post(phone))
    const { setId } = operation.result!
    expect(await stateOf(world, setId)).toBe('ACTIVE')
    expect((await setStatus(phone, setId)).deviceId).toBeNull()
    expect(await abortOperation(phone, operation.operationId)).toEqual<Decision>({ decision: 'COMMIT' })
  })

  test('with an id that another device takes first goes no further', async () => {
    const { clientId, phoneId, phone, tabletId } = newClient()
    const signing = await plant({ clientId, device: null })
    const operation = refresh(phone, walletOf(signing))
    const answers: Answer[] = []
    const policy = async ({ deviceId }: PolicyRequest) => {
      if (deviceId === tabletId) answers.push(await operation.post())
      return true
    }
    const slow = deviceServer(world, { policy }).client(clientId, tabletId)
    expect(codeOf(await operation.post(slow))).toBe('AUTH_FAILED')
    operation.take(answers[0]!)
    await play(operation)
    expect((await setStatus(phone, operation.result!.setId)).deviceId).toBe(phoneId)
  })
})

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

  test('that ends before the halves are destroyed is finished by a sweep', async () => {
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

describe('the list of devices', () => {
  test('names each by its newest set, with the sets that it can use', async () => {
    const { clientId, phoneId, tabletId, unsealed } = newClient()
    expect(await listDevices(unsealed)).toEqual([])
    const walletId = toHex(world.random(16))
    await plant({ clientId, walletId, device: null })
    const first = setIdOf(await plant({ clientId, walletId, device: phoneId, label: 'an old name' }))
    const second = setIdOf(await plant({ clientId, walletId, device: phoneId, label: 'a new name', proven: true }))
    await plant({ clientId, walletId, device: phoneId, purpose: 'backup' })
    world.pass(1)
    const retired = setIdOf(await plant({ clientId, walletId, device: tabletId, label: 'tablet' }))
    await retireSet(server.client(clientId, tabletId), retired)
    await plant({ clientId: newClientId(), device: phoneId })
    expect(await listDevices(unsealed)).toMatchObject([
      { deviceId: phoneId, label: 'a new name', setIds: [first, second], revokedAt: null },
      { deviceId: tabletId, label: 'tablet', setIds: [], revokedAt: null },
      { deviceId: null, setIds: [expect.any(String)], revokedAt: null },
    ])
    const { sets } = await getJson<{ sets: SetStatus[] }>(unsealed, paths.sets(walletId))
    expect(sets.map(({ deviceId }) => deviceId)).toEqual([null, phoneId, phoneId, phoneId, tabletId])
  })

  test('says to the hour when each was in use, without a write a request', async () => {
    const { clientId, phoneId } = newClient()
    let writes = 0
    const query: World['database']['query'] = (sql, parameters) => {
      if (sql.startsWith('update')) writes++
      return world.database.query(sql, parameters)
    }
    const phone = deviceServer(world, { database: { ...world.database, query } }).client(clientId, phoneId)
    await plant({ clientId, device: phoneId })
    const began = new Date(world.now()).toISOString()
    world.pass(60 * 60_000 - 1)
    expect(await listDevices(phone)).toMatchObject([{ createdAt: began, lastUsedAt: began }])
    world.pass(1)
    const later = new Date(world.now()).toISOString()
    for (let i = 0; i < 3; i++)
      expect(await listDevices(phone)).toMatchObject([{ createdAt: began, lastUsedAt: later }])
    expect(writes).toBe(1)
  })
})
