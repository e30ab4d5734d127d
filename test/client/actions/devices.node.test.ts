import { afterAll, beforeAll, expect, test } from 'vitest'
import { deviceId, sealedTransport } from '../../../src/channel/index.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import {
  backupWallet,
  createClient,
  generateWallet,
  listDevices,
  listSets,
  recoverWallet,
  refreshShares,
  resume,
  revokeDevice,
  sign,
  type Client,
  type ShareStore,
} from '../../../src/index.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { inProcessTransport } from '../../../src/transport/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { plainMethod } from '../support/plain-method.ts'

const random = seededRandom()
const channelKey = generateKeyPair(random)
const message = utf8('a message')
const method = plainMethod()

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

/** Devices of one user, who all show the same token. */
function user(): (label: string, storage?: ShareStore, sealed?: boolean) => Client {
  const server = world.server({
    channelKeys: [channelKey.secretKey],
    authenticate: () => ({ clientId: 'ann' }),
  })
  const inner = inProcessTransport(server)
  return (label, storage = memoryStore(), sealed = true) => {
    const transport = sealed
      ? sealedTransport({ transport: inner, serverKey: channelKey.publicKey, storage, random })
      : inner
    return createClient({ transport, storage, random, label })
  }
}

test('a lost device is revoked by the one that has recovered: it signs no more, and keeps what it stores', async () => {
  const device = user()
  const [phoneStore, laptopStore] = [memoryStore(), memoryStore()]
  const phone = device('phone', phoneStore)
  const { id: walletId, setId } = await generateWallet(phone)
  const { cipherText, confirm } = await backupWallet(phone, { walletId, method })
  await confirm()
  const [phoneId, laptopId] = [await deviceId(phoneStore), await deviceId(laptopStore)]

  world.pass(1000)
  const laptop = device('laptop', laptopStore)
  await expect(revokeDevice(laptop, { deviceId: phoneId })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  const recovered = await recoverWallet(laptop, { cipherText, method, existingSets: 'keep' })
  expect(await listDevices(laptop)).toMatchObject([
    { deviceId: phoneId, label: 'phone', setIds: [setId], revokedAt: null },
    { deviceId: laptopId, label: 'laptop', setIds: [recovered.setId], revokedAt: null },
  ])
  const bound = (await listSets(laptop, { walletId })).map((set) => [set.setId, set.deviceId])
  expect(bound).toContainEqual([setId, phoneId])

  expect(await revokeDevice(laptop, { deviceId: phoneId })).toMatchObject({ deviceId: phoneId, setIds: [] })
  const revoked = { code: 'DEVICE_REVOKED', retryable: false, message: expect.stringContaining('recover') }
  await expect(sign(phone, { walletId, scheme: 'ed25519', message })).rejects.toMatchObject(revoked)
  await expect(refreshShares(phone, { walletId })).rejects.toMatchObject(revoked)
  await expect(listDevices(phone)).rejects.toMatchObject(revoked)
  await resume(phone)
  expect(await phoneStore.list('share/')).toEqual([`share/${setId}`])
  await sign(laptop, { walletId, scheme: 'ed25519', message })
})

test('a token without the device’s key is of no use with the device’s shares; a refresh binds what was made before', async () => {
  const device = user()
  const storage = memoryStore()
  const { id: walletId } = await generateWallet(device('phone', storage, false))
  const phone = device('phone', storage)
  await sign(phone, { walletId, scheme: 'ed25519', message })
  await refreshShares(phone, { walletId })
  await sign(phone, { walletId, scheme: 'ed25519', message })
  const thief = device('thief', storage, false)
  await expect(sign(thief, { walletId, scheme: 'ed25519', message })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
})
