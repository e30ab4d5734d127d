import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  backupWallet,
  createClient,
  createFrostClient,
  generateWallet,
  preprocessSignatures,
  provisionWallet,
  refreshShares,
  removeShare,
  sign,
  type Client,
  type ClientOptions,
  type Transport,
} from '../../src/index.ts'
import { bumpEpoch } from '../../src/server/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { signsEcdsa } from '../client/support/signs-ecdsa.ts'
import { cheatedClient, cheating } from '../support/ecdsa-cheats.ts'
import { chosenDatabases } from './support/databases.ts'
import { deploy, type Deployment } from './support/deployment.ts'

const digest = sha256(utf8('hello'))
const method = plainMethod()

/** A client that computes slowly, as without WebAssembly. */
function slowed({ ecdsa, ...client }: Client): Client {
  return { ...client, ecdsa: { ...ecdsa!, backend: () => ({ ...ecdsa!.backend(), isSlow: true }) } }
}

/** The requests that are sent on the way, counted. */
function counted(transport: Transport): Transport & { count: number } {
  const counting = {
    count: 0,
    request: (request: Parameters<Transport['request']>[0]) => {
      counting.count++
      return transport.request(request)
    },
  }
  return counting
}

describe.each(chosenDatabases('e2e/ecdsa'))('ECDSA by client and server on $name', ({ open }) => {
  let database: Database
  let deployment: Deployment
  let users = 0

  beforeAll(async () => {
    database = await open()
    deployment = await deploy(database, undefined, 'ephemeralSetup')
  })
  afterAll(async () => {
    await deployment.close()
    await database.close()
  })

  async function walletOwner() {
    const server = await deployment.transportFor(`signer-${users++}`)
    const storage = memoryStore()
    const device = (options: Partial<ClientOptions> = {}): Client =>
      createClient({ transport: server, storage, pool: { size: 0 }, ...options })
    const { id: walletId, setId } = await generateWallet(device())
    // The proof that the new set owes is not to be counted below.
    await sign(device(), { walletId, scheme: 'ed25519', message: digest })
    return { server, storage, device, walletId, setId }
  }

  test('every device signs, by the wallet’s key and by keys below it, all at the same time', async () => {
    const { server, device, walletId } = await walletOwner()
    const { cipherText } = await backupWallet(device(), { walletId, method })
    const laptop = createClient({ transport: server, storage: memoryStore(), pool: { size: 0 } })
    await provisionWallet(laptop, { cipherText, method })
    const jobs = ['m', 'm/0/5'].flatMap((path) => [device(), laptop].map((client) => ({ client, path })))
    await Promise.all(jobs.map(({ client, path }) => signsEcdsa(client, { walletId, path })))
  })

  test('takes two requests, and one with a preprocessing, which no other life of the server honours', async () => {
    const { server, device, walletId } = await walletOwner()
    const transport = counted(server)
    const phone = device({ transport })
    await preprocessSignatures(phone, { walletId, count: 2 })
    transport.count = 0
    await signsEcdsa(phone, { walletId })
    expect(transport.count).toBe(1)
    await bumpEpoch(database)
    await signsEcdsa(phone, { walletId })
    await signsEcdsa(device(), { walletId })
    await sign(phone, { walletId, scheme: 'ecdsa', digest, path: 'm/1' })
  })

  test('makes a new setup where this device has lost its own', async () => {
    const { server, storage, device, walletId, setId } = await walletOwner()
    await storage.delete(`ot/${setId}`)
    const transport = counted(server)
    await signsEcdsa(device({ transport }), { walletId })
    expect(transport.count).toBe(4)
    await signsEcdsa(device(), { walletId })
  })

  test.each([
    ['with the set', 'withSet'],
    ['at the first signature', undefined],
  ] as const)('is set up %s by a client that computes slowly too', async (_, ecdsaSetup) => {
    const { server, storage, setId, walletId: owner } = await walletOwner()
    const slow = (options: Partial<ClientOptions> = {}): Client => {
      const client = createClient({
        transport: server,
        storage: memoryStore(),
        pool: { size: 0 },
        ...(ecdsaSetup && { ecdsaSetup }),
        ...options,
      })
      return slowed(client)
    }
    const phone = slow()
    const { id: walletId } = await generateWallet(phone)
    expect(await phone.store.list('ot/')).toHaveLength(ecdsaSetup === 'withSet' ? 1 : 0)
    await signsEcdsa(phone, { walletId })
    const { cipherText } = await backupWallet(phone, { walletId, method })
    const laptop = slow()
    await provisionWallet(laptop, { cipherText, method })
    await signsEcdsa(laptop, { walletId })
    await refreshShares(laptop, { walletId })
    await signsEcdsa(laptop, { walletId })
    await storage.delete(`ot/${setId}`)
    await signsEcdsa(slow({ storage }), { walletId: owner })
  })

  test('is set up at the first signature of a client that has it, for a set that was made without', async () => {
    const server = await deployment.transportFor(`frost ${users++}`)
    const storage = memoryStore()
    const frost = createFrostClient({ transport: server, storage })
    const { id: walletId, publicKeys } = await generateWallet(frost)
    const { cipherText } = await backupWallet(frost, { walletId, method })
    const laptopStorage = memoryStore()
    const laptop = createFrostClient({ transport: server, storage: laptopStorage })
    await provisionWallet(laptop, { cipherText, method })
    await refreshShares(frost, { walletId })
    expect([await storage.list('ot/'), await laptopStorage.list('ot/')]).toEqual([[], []])
    for (const client of [frost, laptop]) {
      const { publicKey, signature } = await sign(client, { walletId, scheme: 'ed25519', message: digest })
      expect([publicKey, ed25519.verify(signature, digest, publicKey)]).toEqual([publicKeys.ed25519, true])
    }
    for (const store of [storage, laptopStorage]) {
      await signsEcdsa(createClient({ transport: server, storage: store, pool: { size: 0 } }), { walletId })
      expect(await store.list('ot/')).toHaveLength(1)
    }
    await removeShare(frost, { walletId })
    expect([await storage.list('ot/'), await storage.list('share/')]).toEqual([[], []])
  })

  test('ends for a server that cheats, goes on with fresh setups, and wholly after a refresh', async () => {
    const { server, device, walletId } = await walletOwner()
    const attempt = sign(device({ transport: cheating(server, 1) }), { walletId, scheme: 'ecdsa', digest })
    await expect(attempt).rejects.toMatchObject({ reason: 'CHEAT_OTE', ban: true })
    await expect(sign(device(), { walletId, scheme: 'ecdsa', digest })).rejects.toMatchObject({ code: 'OT_POISONED' })
    await signsEcdsa(device({ onCheating: 'ephemeralSetup' }), { walletId })
    const again = device({ onCheating: 'ephemeralSetup' })
    await signsEcdsa(slowed(again), { walletId })
    await refreshShares(device(), { walletId })
    await signsEcdsa(device(), { walletId })
  })

  test('ends for a device that cheats, which no lost setup helps', async () => {
    const { server, storage, device, walletId, setId } = await walletOwner()
    const request = { walletId, scheme: 'ecdsa', digest } as const
    const cheater = device({ transport: cheatedClient(server) })
    await expect(sign(cheater, request)).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED' })
    await expect(sign(device(), request)).rejects.toMatchObject({ code: 'OT_POISONED' })
    await storage.delete(`ot/${setId}`)
    await expect(sign(device(), request)).rejects.toMatchObject({ code: 'OT_POISONED' })
    await signsEcdsa(device({ onCheating: 'ephemeralSetup' }), { walletId, path: 'm/3' })
  })
})
