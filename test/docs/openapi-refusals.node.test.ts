import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeRequest, SEALED_CONTENT_TYPE } from '../../src/channel/messages.ts'
import { sealRequest } from '../../src/channel/seal.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { getGroup } from '../../src/curve/index.ts'
import { encodeWalletShares, type WalletShares } from '../../src/key-share/index.ts'
import type { ServerOptions } from '../../src/server/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { MpcError } from '../../src/errors.ts'
import { toHex } from '../../src/util/bytes.ts'
import { encodeRoundBody } from '../../src/wire/round-body.ts'
import { paths } from '../../src/wire/paths.ts'
import { deviceServer, newDevice, recordDeviceRevoked } from '../server/support/devices.ts'
import {
  backup,
  generate,
  newBackup,
  newWallet,
  setIdOf,
  sign,
  signEcdsa,
  type TestWallet,
} from '../server/support/wallets.ts'
import { createWorld, type World } from '../server/support/world.ts'
import { seededRandom } from '../support/random.ts'
import { play, type ServerClient } from '../support/server-client.ts'
import { createChecker } from './openapi-calls.ts'
import { codesOf, readDocument } from './openapi.ts'

const document = readDocument('docs/reference/openapi-server.json')
const checker = createChecker(document)

/** Every documented error, as `POST /v1/sealed 400`. */
const ERRORS = document.responses.filter((response) => codesOf(response) !== undefined)
const REFUSALS = ERRORS.map(({ route, status }) => `${route} ${status}`)

let world: World
let usual: ServerClient
let wallet: TestWallet

beforeAll(async () => {
  world = createWorld(pgliteDatabase(), seededRandom())
  usual = checker.client(world.client())
  wallet = await newWallet(usual)
})
beforeEach(() => {
  world.custodian.fault = () => undefined
})
afterAll(() => world.database.close())

/** A client of a server with other options, of the client that has the wallet. */
const clientOf = (options: Partial<ServerOptions>, clientId = usual.clientId): ServerClient =>
  checker.client(world.client([world.server({ onError: () => undefined, ...options })], clientId))

const IDS: Readonly<Record<string, string>> = {
  operationId: '0a'.repeat(16),
  setId: '05'.repeat(32),
  walletId: '0b'.repeat(16),
  deviceId: '0d'.repeat(32),
  approvalId: '0a'.repeat(16),
  round: '1',
}

/** Sends every request of the API. @returns the statuses */
async function sendAll(client: ServerClient, isWanted = (_route: string) => true): Promise<Set<number>> {
  const statuses = new Set<number>()
  for (const route of document.routes.filter(isWanted)) {
    const [method, template] = route.split(' ') as [string, string]
    const path = template.replace(/:(\w+)/g, (_, name: string) => IDS[name] as string)
    statuses.add((await client.send(method, path)).status)
  }
  return statuses
}

const isOpen = (route: string) => !route.endsWith('/sealed')

describe('every request', () => {
  test('is refused where the server takes sealed ones only, or it is malformed', async () => {
    const channelKeys = [generateKeyPair(world.random).secretKey]
    expect(await sendAll(clientOf({ channelKeys, requireSealed: true }))).toEqual(new Set([400]))
  })

  test('is refused without a client', async () => {
    expect(await sendAll(clientOf({ authenticate: () => undefined }), isOpen)).toEqual(new Set([401]))
  })

  test('is refused from a revoked device', async () => {
    const device = newDevice(world)
    await recordDeviceRevoked(world, usual.clientId, device)
    const revoked = checker.client(deviceServer(world).client(usual.clientId, device))
    expect(await sendAll(revoked, isOpen)).toEqual(new Set([403]))
  })

  test('fails with a hook that returns nonsense, and with one that throws', async () => {
    const nonsense = () => ({ clientId: 5 as never })
    expect(await sendAll(clientOf({ authenticate: nonsense }), isOpen)).toEqual(new Set([500]))
    const failing = () => Promise.reject(new Error('down'))
    expect(await sendAll(clientOf({ authenticate: failing }), isOpen)).toEqual(new Set([503]))
  })
})

describe('a sealed request', () => {
  const random = seededRandom()
  const key = generateKeyPair(random)
  const url = 'http://localhost/v1/sealed'
  const headers = { 'content-type': SEALED_CONTENT_TYPE }

  async function send(init: RequestInit & { duplex?: 'half' }): Promise<number> {
    const server = world.server({ channelKeys: [key.secretKey], onError: () => undefined })
    const response = await server.fetch(new Request(url, { method: 'POST', headers, ...init }))
    const received = new Uint8Array(await response.arrayBuffer())
    checker.check({ method: 'POST', path: '/v1/sealed', sent: undefined, status: response.status, received })
    return response.status
  }

  test('gets a sealed response', async () => {
    const empty = { contentType: '', body: new Uint8Array(0) }
    const inner = encodeRequest({ method: 'GET', time: world.now(), path: '/v1/devices', authorization: '', ...empty })
    const { message } = await sealRequest(key.publicKey, generateKeyPair(random), inner, random)
    expect(await send({ body: message as Uint8Array<ArrayBuffer> })).toBe(200)
  })

  test('whose body ends in the middle fails', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) })
    expect(await send({ body, duplex: 'half' })).toBe(500)
  })
})

describe('a round', () => {
  const status = async (operation: { post: (client?: ServerClient) => Promise<{ status: number }> }, by = usual) =>
    (await operation.post(by)).status

  test('names what is not there, or is there already', async () => {
    const source = { kind: 'preprocessing', id: 'ab'.repeat(32) } as const
    const unknown = { header: { ...signEcdsa(usual, wallet).request, source }, messages: [] }
    const named = await usual.send('POST', paths.round('12'.repeat(16), 1), encodeRoundBody(unknown))
    expect(named.status).toBe(404)
    expect(await status(generate(usual, wallet.walletId))).toBe(409)
  })

  test('comes too often, or without a custodian', async () => {
    const limits = { rates: { sign: { count: 1, perMs: 1e6 } } }
    const limited = clientOf({ limits })
    expect(await status(sign(usual, wallet.signing), limited)).toBe(200)
    expect(await status(sign(usual, wallet.signing), limited)).toBe(429)
    expect(await status(backup(usual, wallet), clientOf({ custodian: undefined }))).toBe(502)
  })

  test('is sent with another message, of a banned set, or of one that has ended', async () => {
    const other = await newWallet(usual)
    const operation = signEcdsa(usual, other)
    expect(await status(operation)).toBe(200)
    const changed = encodeRoundBody({ header: operation.request, messages: [] })
    expect((await usual.send('POST', paths.round(operation.operationId, 1), changed)).status).toBe(422)
    await world.database.query('update reshare_ot_states set poisoned = true where set_id = $1', [
      setIdOf(other.signing),
    ])
    expect(await status(signEcdsa(usual, other))).toBe(423)
    await world.database.query(`update reshare_sets set state = 'DESTROYED' where set_id = $1`, [
      setIdOf(other.signing),
    ])
    expect(await status(sign(usual, other.signing))).toBe(410)
  })
})

describe('a set', () => {
  let owned: TestWallet
  const send = async (path: string, client = usual) => (await client.send('POST', path)).status
  const keep = (change: (halves: Uint8Array[]) => Uint8Array[]) =>
    world.custodian.halves.set(usual.clientId, change(world.custodian.halves.get(usual.clientId) ?? []))
  const failing = () => {
    throw new MpcError('WEBHOOK_FAILED', 'the app is down')
  }
  beforeEach(async () => {
    owned = await newWallet(usual)
    keep(() => [])
  })
  const unconfirmed = async () => (await play(backup(usual, owned))).prepared[0] as WalletShares

  test('is not the one that is retired or confirmed', async () => {
    expect(await send(paths.confirm(setIdOf(owned.signing)))).toBe(409)
    expect(await send(paths.retire(setIdOf(await newBackup(usual, owned))))).toBe(409)
  })

  test('is confirmed without the share of the custodian, with another, or after its successor', async () => {
    const first = await unconfirmed()
    const [share] = world.custodian.halves.get(usual.clientId) as [Uint8Array]
    keep(() => [])
    expect(await send(paths.confirm(setIdOf(first)))).toBe(404)
    keep(() => [encodeWalletShares(getGroup, first)])
    expect(await send(paths.confirm(setIdOf(first)))).toBe(422)
    keep(() => [share])
    world.custodian.fault = failing
    expect(await send(paths.confirm(setIdOf(first)))).toBe(502)
    world.custodian.fault = () => undefined
    await newBackup(usual, owned)
    expect(await send(paths.confirm(setIdOf(first)))).toBe(410)
  })

  test('cannot retire, nor its device be revoked, while the custodian fails', async () => {
    await newBackup(usual, owned)
    world.custodian.fault = failing
    expect(await send(paths.retire(setIdOf(owned.signing)))).toBe(502)
    world.custodian.fault = () => undefined
    const device = newDevice(world)
    const phone = checker.client(deviceServer(world).client(`client-${toHex(world.random(8))}`, device))
    await newBackup(phone, await newWallet(phone))
    world.custodian.fault = failing
    expect(await send(paths.revoke(device), phone)).toBe(502)
  })
})

test('all that is documented was seen', () => {
  expect(REFUSALS.length).toBeGreaterThan(50)
  expect(REFUSALS.filter((refusal) => !checker.called.has(refusal))).toEqual([])
})
