import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deviceId, sealedTransport } from '../../../src/channel/index.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import type {
  createFrostClient} from '../../../src/index.ts';
import {
  createClient,
  generateWallet,
  inviteDevice,
  joinWallet,
  listSets,
  readJoinCode,
  resume,
  type Client,
  type ShareStore,
  type Transport,
} from '../../../src/index.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { inProcessTransport } from '../../../src/transport/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { signsEcdsa, signsForBothKeys } from '../../support/e2e.ts'
import { seededRandom } from '../../support/random.ts'

const random = seededRandom()
const channelKey = generateKeyPair(random)
const message = utf8('a message')

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

interface DeviceOptions {
  readonly storage?: ShareStore
  readonly over?: (transport: Transport) => Transport
  readonly create?: typeof createFrostClient
}

let users = 0

/** Devices of one user. */
function user(isSealed: boolean) {
  const clientId = `user ${users++}`
  const server = world.server({ channelKeys: [channelKey.secretKey], authenticate: () => ({ clientId }) })
  const inner = inProcessTransport(server)
  return (
    label: string,
    { storage = memoryStore(), over = (same) => same, create = createClient }: DeviceOptions = {},
  ) => {
    const transport = isSealed
      ? sealedTransport({ transport: inner, serverKey: channelKey.publicKey, storage, random })
      : inner
    return create({
      transport: over(transport),
      storage,
      random,
      label,
      wait: () => new Promise((resolve) => setTimeout(resolve, 5)),
    })
  }
}

/** Both devices join a wallet. */
async function join(inviting: Client, joining: Client, walletId: string) {
  const waiting = await joinWallet(joining)
  const [invited, wallet] = await Promise.all([
    inviteDevice(inviting, { walletId, code: waiting.code, label: 'tablet' }),
    waiting.done,
  ])
  return { invited, wallet, code: waiting.code }
}

describe.each([
  ['plain', false],
  ['sealed', true],
])('two devices over %s transports', (_, isSealed) => {
  test('join a wallet, and both sign with both curves', async () => {
    const device = user(isSealed)
    const [phone, tabletStore] = [device('phone'), memoryStore()]
    const tablet = device('tablet', { storage: tabletStore })
    const known = await generateWallet(phone)
    const { invited, wallet, code } = await join(phone, tablet, known.id)

    expect(wallet).toEqual({ ...known, setId: invited.setId })
    expect(wallet.setId).not.toBe(known.setId)
    const tabletId = isSealed ? await deviceId(tabletStore) : null
    expect(invited.deviceId).toBe(tabletId)
    expect(readJoinCode(code).deviceId).toBe(tabletId)
    for (const client of [phone, tablet]) {
      await signsForBothKeys(client, known.id, known.publicKeys, message)
      await signsEcdsa(client, known.id, known.publicKeys, message)
    }
    const sets = await listSets(tablet, { walletId: known.id })
    expect(sets.map(({ setId, label, state, deviceId }) => ({ setId, label, state, deviceId }))).toEqual([
      expect.objectContaining({ setId: known.setId, label: 'phone', state: 'ACTIVE' }),
      { setId: invited.setId, label: 'tablet', state: 'ACTIVE', deviceId: tabletId },
    ])
    expect(await resume(tablet)).toMatchObject([{ outcome: 'READY' }])
  })
})
