import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import type { Decision, ExportRequest, SetStatus } from '../../../src/wire/operations.ts'
import { paths } from '../../../src/wire/paths.ts'
import { type PolicyRequest } from '../../../src/server/index.ts'
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
import { deviceServer, listDevices, newDevice, stateOf, type DeviceServer } from '../support/devices.ts'
import { fileDevices } from '../support/file-devices.ts'
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
import { type World } from '../support/world.ts'

let world: World
let server: DeviceServer
const { newClientId, newClient, plant } = fileDevices((made) => ({ world, server } = made))

const refused = { code: 'AUTH_FAILED', message: 'not authorized' }

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
