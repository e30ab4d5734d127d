import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody, type RoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { errorStatus } from '../../../src/wire/error-body.ts'
import {
  backupWallet,
  createClient,
  generateWallet,
  getWallet,
  listDevices,
  listSets,
  preprocessSignatures,
  provisionWallet,
  recoverWallet,
  refreshShares,
  retireSet,
  revokeDevice,
  sign,
  type DeviceStatus,
  type ErrorCode,
  type Transport,
} from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { code } from '../../support/code.ts'
import { backedUp } from '../support/backed-up.ts'
import { stage } from '../support/devices.ts'
import { plainMethod } from '../support/plain-method.ts'

const method = plainMethod()
const message = utf8('hello')

/** A server whose bodies of one round are changed on the way. */
function altered(
  server: Transport,
  round: number,
  change: (roundBody: RoundBody<unknown>) => RoundBody<unknown>,
): Transport {
  return {
    async request(request) {
      const response = await server.request(request)
      if (response.status !== 200 || !request.path.endsWith(`rounds/${round}`)) return response
      return { status: 200, body: encodeRoundBody(change(decodeRoundBody(response.body)) as RoundBody<object>) }
    },
  }
}

const withHeader = (header: object) => (roundBody: RoundBody<unknown>) => ({ ...roundBody, header })
const withParcels =
  (change: (messages: readonly SessionMessage[]) => readonly SessionMessage[]) => (roundBody: RoundBody<unknown>) => ({
    ...roundBody,
    messages: change(roundBody.messages),
  })
const otherSet = '5'.repeat(64)

describe('a server that speaks of another set', () => {
  test.each([
    ['generate', 2, { setId: otherSet, state: 'ACTIVE' }],
    ['backup', 3, { setId: otherSet, state: 'PREPARED' }],
    ['recover', 3, { setId: otherSet, state: 'ACTIVE' }],
    ['sign', 1, { setId: otherSet, state: 'ACTIVE' }],
  ] as const)('at the end of %s is not believed', async (kind, round, header) => {
    const { server, storage, walletId, cipherText } = await backedUp()
    const transport = altered(server, round, withHeader(header))
    const phone = createClient({ repeats: false, transport, storage })
    const attempts = {
      generate: () => generateWallet(phone),
      backup: () => backupWallet(phone, { walletId, method }),
      recover: () => recoverWallet(phone, { cipherText, method, existingSets: 'keep' }),
      sign: () => sign(phone, { walletId, scheme: 'ed25519', message }),
    }
    await expect(attempts[kind]()).rejects.toEqual(code('SET_MISMATCH'))
    await sign(createClient({ repeats: false, transport: server, storage }), { walletId, scheme: 'ed25519', message })
  })

  test.each([
    ['generate', 2],
    ['backup', 3],
    ['recover', 3],
    ['sign', 1],
  ] as const)('or of another outcome at the end of %s is not believed', async (kind, round) => {
    const { server, storage, walletId, cipherText } = await backedUp()
    const lie = (roundBody: RoundBody<unknown>) => ({
      ...roundBody,
      header: { ...(roundBody.header as object), state: kind === 'backup' ? 'ACTIVE' : 'PREPARED' },
    })
    await sign(createClient({ repeats: false, transport: server, storage }), { walletId, scheme: 'ed25519', message })
    const client = createClient({ repeats: false, transport: altered(server, round, lie), storage })
    const attempts = {
      generate: () => generateWallet(client),
      backup: () => backupWallet(client, { walletId, method }),
      recover: () => recoverWallet(client, { cipherText, method, existingSets: 'keep' }),
      sign: () => sign(client, { walletId, scheme: 'ed25519', message }),
    }
    await expect(attempts[kind]()).rejects.toEqual(code('SET_MISMATCH'))
  })

  test.each([
    ['a signature with ECDSA', 2],
    ['a preprocessing', 2],
    ['a signature with a preprocessing', 1],
  ] as const)('at the end of %s is not believed', async (kind, round) => {
    const { server, storage, walletId } = await backedUp()
    const lies = { on: kind !== 'a signature with a preprocessing' }
    const lie = (roundBody: RoundBody<unknown>) =>
      lies.on ? { ...roundBody, header: { setId: otherSet, state: 'ACTIVE' } } : roundBody
    const transport = altered(server, round, lie)
    const phone = createClient({ repeats: false, transport, storage, pool: { size: 0 } })
    const fill = () => preprocessSignatures(phone, { walletId, count: 1 })
    if (kind === 'a preprocessing') await expect(fill()).rejects.toEqual(code('SET_MISMATCH'))
    if (!lies.on) await fill()
    lies.on = true
    const signature = sign(phone, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
    await expect(signature).rejects.toEqual(code('SET_MISMATCH'))
    lies.on = false
    await sign(phone, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
  })

  test('at the end of a proof retires nothing here', async () => {
    const { server, storage, wallet, walletId } = await backedUp()
    let rounds = 0
    const transport = altered(server, 2, (roundBody) =>
      ++rounds === 2 ? withHeader({ setId: otherSet, state: 'ACTIVE' })(roundBody) : roundBody,
    )
    await expect(refreshShares(createClient({ repeats: false, transport, storage }), { walletId })).rejects.toEqual(
      code('SET_MISMATCH'),
    )
    expect(await storage.read(`share/${wallet.setId}`)).toBeDefined()
  })
})

describe('a server that does not play the protocol', () => {
  const flip = ({ sessionIndex, envelope }: SessionMessage): SessionMessage => {
    const bad = envelope.slice()
    bad[bad.length - 1]! ^= 1
    return { sessionIndex, envelope: bad }
  }

  test.each<[string, number, (messages: readonly SessionMessage[]) => readonly SessionMessage[]]>([
    ['leaves everything out at first', 1, () => []],
    ['leaves one curve out at first', 1, (messages) => messages.filter(({ sessionIndex }) => sessionIndex === 0)],
    ['changes its first messages', 1, (messages) => messages.map(flip)],
    ['leaves everything out at last', 2, () => []],
    ['changes its last messages', 2, (messages) => messages.map(flip)],
    [
      'swaps the curves',
      2,
      (messages) => messages.map(({ sessionIndex, envelope }) => ({ sessionIndex: sessionIndex ^ 1, envelope })),
    ],
  ])('and %s makes no wallet', async (_, round, change) => {
    const { device } = stage()
    const storage = memoryStore()
    const { server } = stage()
    const client = device('phone', { storage, transport: altered(server, round, withParcels(change)) })
    await expect(generateWallet(client)).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED' })
    expect(await storage.list('share/')).toEqual([])
  })

  test.each([1, 2])('in round %i of a recovery leaves nothing here', async (round) => {
    const { server, device, cipherText } = await backedUp()
    const storage = memoryStore()
    const transport = altered(
      server,
      round,
      withParcels((messages) => messages.map(flip)),
    )
    const recovery = provisionWallet(device('laptop', { storage, transport }), { cipherText, method })
    await expect(recovery).rejects.toEqual(code('PROTOCOL_ABORTED'))
    expect(await storage.list('share/')).toEqual([])
    await provisionWallet(device('laptop', { storage }), { cipherText, method })
  })

  test('gives no signature that does not verify', async () => {
    const { server, storage, walletId } = await backedUp()
    for (const change of [() => [], (messages: readonly SessionMessage[]) => messages.map(flip)]) {
      const phone = createClient({ repeats: false, transport: altered(server, 1, withParcels(change)), storage })
      for (const scheme of ['ed25519', 'bip340'] as const) {
        await expect(sign(phone, { walletId, scheme, message })).rejects.toEqual(code('PROTOCOL_ABORTED'))
      }
    }
  })

  test('and adds what nobody asked for changes nothing', async () => {
    const { server, storage, walletId } = await backedUp()
    const stray = { sessionIndex: 200, envelope: new Uint8Array(9) }
    const noise = withParcels((messages) => [stray, ...messages, ...messages, { ...stray, sessionIndex: 0 }])
    let transport: Transport = server
    for (const round of [1, 2, 3]) transport = altered(transport, round, noise)
    const phone = createClient({ repeats: false, transport, storage })
    await refreshShares(phone, { walletId })
    await sign(phone, { walletId, scheme: 'ed25519', message })
  })
})

const DEVICE: DeviceStatus = {
  deviceId: 'd0'.repeat(32),
  label: 'phone',
  createdAt: '2026-01-01T00:00:00.000Z',
  lastUsedAt: '2026-01-01T00:00:00.000Z',
  revokedAt: null,
  setIds: ['5e'.repeat(32)],
}

describe('an answer', () => {
  test('that is the status of a device, or a list of them, is taken', async () => {
    const client = (body: object) =>
      createClient({ repeats: false, transport: answering(200, JSON.stringify(body)), storage: memoryStore() })
    const revoked = { ...DEVICE, revokedAt: '2026-01-02T00:00:00.000Z', setIds: [] }
    const unbound = { ...DEVICE, deviceId: null }
    const devices = [DEVICE, revoked, unbound]
    expect(await listDevices(client({ devices }))).toEqual(devices)
    expect(await revokeDevice(client(revoked), { deviceId: DEVICE.deviceId })).toEqual(revoked)
  })

  const answering = (status: number, body: string): Transport => ({
    request: async () => ({ status, body: utf8(body) }),
  })

  test.each([
    [200, ''],
    [200, '{}'],
    [200, '<html>'],
    [200, 'null'],
    [200, '{"sets":{}}'],
    [200, '{"sets":[{}]}'],
    [200, '{"sets":[null]}'],
    [200, '{"devices":[null]}'],
    [200, `{"devices":[${JSON.stringify({ ...DEVICE, deviceId: '00' })}]}`],
    [200, JSON.stringify({ ...DEVICE, deviceId: null })],
    [200, `{"devices":[${JSON.stringify({ ...DEVICE, deviceId: null, revokedAt: DEVICE.createdAt })}]}`],
    [200, JSON.stringify({ ...DEVICE, setIds: ['00'] })],
    [200, JSON.stringify({ ...DEVICE, revokedAt: 'yesterday' })],
    [404, '<html>'],
    [502, 'bad gateway'],
    [500, '{"error":{"id":"INTERNAL","message":"no"}}'],
    [400, '{"error":{"id":"BAD_REQUEST","message":"no"}}'],
    [400, '{"error":{"id":"WRONG_PASSWORD","message":"not a code of a server"}}'],
    [400, '{"error":"no"}'],
  ])('of status %i that says %j is none of a reshare server', async (status, body) => {
    const { storage, wallet, walletId } = await backedUp()
    const phone = createClient({ repeats: false, transport: answering(status, body), storage })
    for (const attempt of [
      listSets(phone, { walletId }),
      retireSet(phone, { walletId, setId: wallet.setId }),
      listDevices(phone),
      revokeDevice(phone, { deviceId: wallet.setId }),
      sign(phone, { walletId, scheme: 'ed25519', message }),
      refreshShares(phone, { walletId }),
    ]) {
      const code = status < 300 ? 'MALFORMED_RESPONSE' : 'NETWORK_ERROR'
      await expect(attempt).rejects.toMatchObject({ code, retryable: status >= 500 })
    }
    expect((await getWallet(phone, { walletId })).setId).toBe(wallet.setId)
    expect((await storage.list('share/')).length).toBe(1)
  })

  test.each<ErrorCode>([
    'AUTH_FAILED',
    'POLICY_DENIED',
    'DEVICE_REVOKED',
    'SHARE_NOT_FOUND',
    'SET_MISMATCH',
    'SET_RETIRED',
    'OPERATION_IN_PROGRESS',
    'WEBHOOK_FAILED',
    'BACKUP_SUPERSEDED',
    'PROTOCOL_VERSION_UNSUPPORTED',
    'STORAGE_UNAVAILABLE',
  ])('with the code %s passes it on, and no share is lost', async (expected) => {
    const { storage, walletId, cipherText } = await backedUp()
    const body = JSON.stringify({ error: { id: expected, message: 'because' } })
    const phone = createClient({ repeats: false, transport: answering(errorStatus(expected), body), storage })
    for (const attempt of [
      sign(phone, { walletId, scheme: 'ed25519', message }),
      refreshShares(phone, { walletId }),
      backupWallet(phone, { walletId, method }),
      recoverWallet(phone, { cipherText, method, existingSets: 'retire' }),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: expected, message: 'because' })
    }
    expect((await storage.list('share/')).length).toBe(1)
  })
})
