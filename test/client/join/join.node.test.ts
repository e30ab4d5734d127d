import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createClient,
  createFrostClient,
  generateWallet,
  getExtendedPublicKey,
  listSets,
  resume,
  sign,
  type Client,
  type ClientOptions,
  type Progress,
} from '../../../src/index.ts'
import { inviteDevice, joinWallet, readJoinCode } from '../../../src/join.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { decodeRoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { JOIN_RELAY_INDEX } from '../../../src/wire/join.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { signsEcdsa, signsForBothKeys } from '../../support/e2e.ts'
import { seededRandom } from '../../support/random.ts'
import { deviceId, join, newUser } from './support/join-devices.ts'

const random = seededRandom()
const message = utf8('a message')

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

describe.each([
  ['plain', false],
  ['sealed', true],
])('two devices over %s transports', (_, isSealed) => {
  test('join a wallet, and both sign with both curves', async () => {
    const device = newUser(world, random, isSealed)
    const [phone, tabletStore] = [device('phone'), memoryStore()]
    const tablet = device('tablet', { storage: tabletStore })
    const known = await generateWallet(phone)
    const { invited, wallet, code } = await join(phone, tablet, known.id)

    const tabletId = isSealed ? await deviceId(tabletStore) : null
    expect(invited).toEqual({ setId: expect.any(String) as string, deviceId: tabletId })
    const { setId } = invited as { setId: string }
    expect(wallet).toEqual({ ...known, setId })
    expect(setId).not.toBe(known.setId)
    expect(readJoinCode(code).deviceId).toBe(tabletId)
    for (const client of [phone, tablet]) {
      await signsForBothKeys(client, known.id, known.publicKeys, message)
      await signsEcdsa(client, known.id, known.publicKeys, message)
    }
    for (const curve of ['secp256k1', 'ed25519'] as const) {
      const key = (client: Client) => getExtendedPublicKey(client, { walletId: known.id, curve, path: 'm/3/1' })
      expect(await key(tablet)).toEqual(await key(phone))
    }
    const derived = { walletId: known.id, scheme: 'ed25519', message, path: 'm/3/1' } as const
    expect((await sign(tablet, derived)).publicKey).toEqual((await sign(phone, derived)).publicKey)
    const sets = await listSets(tablet, { walletId: known.id })
    expect(sets.map(({ setId, label, state }) => ({ setId, label, state }))).toEqual([
      { setId: known.setId, label: 'phone', state: 'ACTIVE' },
      { setId, label: 'tablet', state: 'ACTIVE' },
    ])
    expect(sets.find((set) => set.setId === setId)?.deviceId).toBe(tabletId)
    expect(await resume(tablet)).toMatchObject([{ outcome: 'READY' }])
  })
})

test('the device that has joined invites the next', async () => {
  const device = newUser(world, random, false)
  const [phone, tablet, laptop] = [device('phone'), device('tablet'), device('laptop')]
  const known = await generateWallet(phone)
  await join(phone, tablet, known.id)
  const { wallet } = await join(tablet, laptop, known.id)
  expect(wallet).toMatchObject({ id: known.id, publicKeys: known.publicKeys })
  await signsForBothKeys(laptop, known.id, known.publicKeys, message)
})

test('a client without ECDSA joins, and its set has no setup', async () => {
  const device = newUser(world, random, false)
  const store = memoryStore()
  const [phone, tablet] = [device('phone'), device('tablet', { create: createFrostClient, storage: store })]
  const known = await generateWallet(phone)
  expect((await join(phone, tablet, known.id)).wallet).toMatchObject({ id: known.id })
  await signsForBothKeys(tablet, known.id, known.publicKeys, message)
  const rows = await store.list('')
  expect(rows.map((row) => row.split('/')[0]).sort()).toEqual(['share', 'wallet'])
})

test('a client that puts setups off joins without one, and makes it when it signs', async () => {
  const device = newUser(world, random, false)
  const store = memoryStore()
  const putOff = (options: ClientOptions) => createClient({ ...options, ecdsaSetup: 'firstSignature' })
  const [phone, tablet] = [device('phone'), device('tablet', { create: putOff, storage: store })]
  const { id: walletId, publicKeys } = await generateWallet(phone)
  expect((await join(phone, tablet, walletId)).wallet).toMatchObject({ id: walletId })
  expect(await store.list('ot/')).toEqual([])
  await signsForBothKeys(tablet, walletId, publicKeys, message)
  await signsEcdsa(tablet, walletId, publicKeys, message)
  expect(await store.list('ot/')).toHaveLength(1)
})

test('both devices report what they do', async () => {
  const device = newUser(world, random, false)
  const [phone, tablet] = [device('phone'), device('tablet')]
  const { id: walletId } = await generateWallet(phone)
  const reports: Record<'inviting' | 'joining', Progress[]> = { inviting: [], joining: [] }
  const { code, done } = await joinWallet(tablet, { onProgress: (progress) => reports.joining.push(progress) })
  await inviteDevice(phone, { walletId, code, onProgress: (progress) => reports.inviting.push(progress) })
  await done
  const statuses = (list: Progress[]) =>
    list.map(({ status }) => status).filter((status, i, all) => status !== all[i - 1])
  const waiting = 'Waiting for the other device'
  expect(statuses(reports.inviting)).toEqual(['Reading share', waiting, 'Generating share', waiting, 'Done'])
  expect(statuses(reports.joining)).toEqual([waiting, 'Generating share', 'Parsing share', 'Storing share', 'Done'])
  for (const list of Object.values(reports)) {
    const fractions = list.map(({ fraction }) => fraction)
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    expect([fractions.at(0), fractions.at(-1)]).toEqual([0, 1])
  }
})

test('the server gets no message that is meant for the other device', async () => {
  const device = newUser(world, random, false)
  const bodies: Uint8Array[] = []
  const phone = device('phone', {
    over: (transport) => ({
      request: (request) => {
        if (request.body !== undefined) bodies.push(request.body.slice())
        return transport.request(request)
      },
    }),
  })
  const known = await generateWallet(phone)
  bodies.length = 0
  const { wallet } = await join(phone, device('tablet'), known.id)
  expect(wallet).toMatchObject({ id: known.id })
  const isRelayed = ({ sessionIndex }: SessionMessage) => sessionIndex === JOIN_RELAY_INDEX
  // The others are of the proof that is pending since the wallet was generated.
  const rounds = bodies.map((body) => decodeRoundBody(body).messages).filter((messages) => messages.some(isRelayed))
  expect(rounds).toHaveLength(2)
  for (const messages of rounds) {
    const sent = messages.filter((one) => !isRelayed(one))
    for (const { envelope } of sent) expect([0, 2]).toContain(decodeEnvelope(envelope).to)
    const [relayed] = messages.filter(isRelayed)
    for (const { envelope } of sent) {
      expect(Buffer.from(relayed!.envelope).includes(Buffer.from(envelope.subarray(42, 74)))).toBe(false)
    }
  }
})

test('arguments are checked before anything is sent', async () => {
  const device = newUser(world, random, false)
  const requests: string[] = []
  const client = device('phone', {
    over: () => ({ request: ({ path }) => (requests.push(path), Promise.reject(new Error('sent'))) }),
  })
  const walletId = '00'.repeat(16)
  const invalid = { code: 'JOIN_CODE_INVALID' }
  for (const code of ['', 'A'.repeat(192), 'a'.repeat(192)]) {
    await expect(inviteDevice(client, { walletId, code })).rejects.toMatchObject(invalid)
    expect(() => readJoinCode(code)).toThrow(expect.objectContaining(invalid) as Error)
  }
  const { code, cancel } = await joinWallet(client)
  cancel()
  await expect(inviteDevice(client, { walletId: 'x', code })).rejects.toThrow(RangeError)
  await expect(inviteDevice(client, { walletId, code, label: 'a\nb' })).rejects.toThrow(RangeError)
  await expect(inviteDevice(client, { walletId, code, timeoutMs: 0 })).rejects.toThrow(RangeError)
  await expect(joinWallet(client, { walletId: 'x' })).rejects.toThrow(RangeError)
  await expect(joinWallet(client, { timeoutMs: 0 })).rejects.toThrow(RangeError)
  await expect(joinWallet(client, { publicKeys: {} as never })).rejects.toThrow(TypeError)
  await expect(joinWallet(client, { onProgress: 1 as never })).rejects.toThrow(TypeError)
  await expect(inviteDevice(client, { walletId, code })).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND' })
  await expect(sign(client, { walletId, scheme: 'ed25519', message })).rejects.toMatchObject({
    code: 'SHARE_NOT_FOUND',
  })
})
