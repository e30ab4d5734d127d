import { afterAll, beforeAll, expect, test } from 'vitest'
import { deviceId, sealedTransport } from '../../../src/channel/index.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import {
  backupWallet,
  createClient,
  generateWallet,
  getPublicKey,
  getWallet,
  listDevices,
  listSets,
  listWallets,
  recoverWallet,
  resume,
  sign,
  type ShareStore,
} from '../../../src/index.ts'
import { inviteDevice, joinWallet } from '../../../src/join.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { lockedStore, type DeviceLock } from '../../../src/storage/lock.ts'
import { inProcessTransport } from '../../../src/transport/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { askedLock, contents, lockOf, secretOf } from '../../storage/lock/support/locks.ts'
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

/** Starts an app over a sealed transport on what a device stores, as at each of its starts. */
function app(inner: ShareStore, lock: DeviceLock) {
  const server = world.server({ channelKeys: [channelKey.secretKey], authenticate: () => ({ clientId: 'ann' }) })
  const storage = lockedStore(inner, lock)
  const transport = sealedTransport({
    transport: inProcessTransport(server),
    serverKey: channelKey.publicKey,
    storage,
    random,
  })
  return { storage, client: createClient({ transport, storage, random, label: 'phone', pool: { size: 0 } }) }
}

test('a locked app shows its wallets without a prompt, and opens once for its device key and shares', async () => {
  const inner = memoryStore()
  const asked = askedLock(secretOf(1))
  const { client } = app(inner, asked.lock)
  const { id: walletId, publicKeys } = await generateWallet(client)
  expect(asked.prompts).toBe(1)
  const acts: [number, (client: ReturnType<typeof app>['client']) => Promise<unknown>][] = [
    [0, (client) => getWallet(client, { walletId })],
    [
      0,
      async (client) => expect(await getPublicKey(client, { walletId, curve: 'ed25519' })).toEqual(publicKeys.ed25519),
    ],
    [0, (client) => listWallets(client)],
    [0, (client) => resume(client)],
    [1, (client) => listSets(client, { walletId })],
    [1, (client) => listDevices(client)],
    [1, (client) => backupWallet(client, { walletId, method })],
    [1, (client) => sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })],
    [1, async (client) => (await joinWallet(client)).cancel()],
  ]
  for (const [prompts, act] of acts) {
    const again = askedLock(secretOf(1))
    await act(app(inner, again.lock).client)
    expect(again.prompts).toBe(prompts)
  }
})

test.each(['keep', 'retire'] as const)(
  'a lost lock makes a new device, which recovers (%s) and signs',
  async (existingSets) => {
    const inner = memoryStore()
    const { client, storage } = app(inner, lockOf(1))
    const { id: walletId, publicKeys } = await generateWallet(client)
    const { cipherText, confirm } = await backupWallet(client, { walletId, method })
    await confirm()
    const oldId = await deviceId(storage)

    const next = app(inner, lockOf(2))
    await expect(sign(next.client, { walletId, scheme: 'ed25519', message })).rejects.toMatchObject({
      code: 'SHARE_NOT_FOUND',
      retryable: false,
    })
    const recovered = await recoverWallet(next.client, { cipherText, method, existingSets })
    expect(recovered.publicKeys).toEqual(publicKeys)
    for (const { client, storage } of [next, app(inner, lockOf(2))]) {
      await sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
      expect(await deviceId(storage)).not.toBe(oldId)
    }
    // The lock that comes back is the old device again.
    expect(await deviceId(app(inner, lockOf(1)).storage)).toBe(oldId)
  },
)

test('a device with a lock joins a wallet, and invites', async () => {
  const [phone, tablet, third] = [1, 2, 3].map((byte) => app(memoryStore(), lockOf(byte)))
  const { id: walletId } = await generateWallet(phone!.client)
  for (const [inviting, joining] of [
    [phone!, tablet!],
    [tablet!, third!],
  ] as const) {
    const { code, done } = await joinWallet(joining.client)
    await inviteDevice(inviting.client, { walletId, code })
    await done
    await sign(joining.client, { walletId, scheme: 'ed25519', message })
  }
})

test('a refused prompt sends nothing and makes no device key', async () => {
  const inner = memoryStore()
  const refusing = askedLock(() => Promise.reject(new Error('no')))
  const { client } = app(inner, refusing.lock)
  for (const work of [generateWallet(client), listDevices(client)]) {
    await expect(work).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
  }
  expect(await contents(inner)).toEqual(new Map())
})
