import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as backup from '../../src/backup/index.ts'
import * as channel from '../../src/channel/index.ts'
import * as custodian from '../../src/custodian/index.ts'
import * as errors from '../../src/errors.ts'
import * as client from '../../src/index.ts'
import * as protocol from '../../src/protocol/index.ts'
import * as pglite from '../../src/service/database/pglite.ts'
import * as postgres from '../../src/service/database/postgres.ts'
import * as server from '../../src/server/index.ts'
import * as fileStorage from '../../src/storage/file.ts'
import * as storage from '../../src/storage/index.ts'
import * as transport from '../../src/transport/index.ts'
import * as viem from '../../src/adapters/viem/index.ts'
import { loadCopy, loadRealm, type Copy } from '../support/copies.node.ts'

const here: Copy = {
  client,
  server,
  pglite,
  postgres,
  custodian,
  protocol,
  backup,
  channel,
  transport,
  storage,
  fileStorage,
  errors,
  viem,
}

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'reshare-copies-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** A server of one copy with a database, a custodian and a policy of another. */
async function serve(own: Copy, other: Copy, adapter = other) {
  const database = adapter.pglite.pgliteDatabase()
  const webhookSecret = 'webhook-secret-of-the-tests'
  const app = other.custodian.createCustodian({
    database,
    masterKey: new Uint8Array(32).fill(1),
    webhookSecret,
    authenticateUser: () => undefined,
  })
  const tokens = other.server.apiTokens(database)
  const channelKey = new Uint8Array(32).fill(3)
  let denied = false
  const main = own.server.createServer({
    database,
    masterKey: new Uint8Array(32).fill(2),
    channelKeys: [channelKey],
    authenticate: tokens.authenticate,
    custodian: other.custodian.webhookCustodian({
      url: 'https://custodian.example',
      secret: webhookSecret,
      fetch: async (input: string | URL | Request, init?: RequestInit) => app.fetch(new Request(input, init)),
    }),
    policy: () => !denied,
  })
  const token = await tokens.create('client')
  return {
    main,
    headers: () => ({ authorization: `Bearer ${token}` }),
    deny: (value: boolean) => (denied = value),
    serverKey: x25519.getPublicKey(channelKey),
    close: () => database.close(),
  }
}

/** The main job, the client's side from one copy and all that it is given from another. */
async function story(own: Copy, other: Copy, served: Awaited<ReturnType<typeof serve>>) {
  const { createClient, generateWallet, backupWallet, recoverWallet, refreshShares, sign, listWallets } = own.client
  const contended = conflicting(other, other.storage.memoryStore())
  const files = other.fileStorage.fileStore(join(directory, crypto.randomUUID()))
  const [phone, laptop] = [files, contended].map((store) => {
    const transport = other.transport.inProcessTransport(served.main)
    const { serverKey, headers } = served
    const sealed = other.channel.sealedTransport({ transport, serverKey, storage: store, headers })
    return createClient({ transport: sealed, storage: store, pool: { size: 0 } })
  }) as [client.Client, client.Client]

  const wallet = await generateWallet(phone)
  const walletId = wallet.id
  const method = other.backup.anyOf(
    other.backup.password('correct horse battery staple', { insecureTestCost: { memoryKiB: 64, passes: 1 } }),
    other.backup.cloudKey({ provider: 'GDRIVE', storage: other.backup.memoryCloudKey() }),
  )
  const { cipherText, confirm } = await backupWallet(phone, { walletId, method })
  await confirm()
  await recoverWallet(laptop, { cipherText, method, existingSets: 'keep' })
  contended.conflicts = 1
  await refreshShares(laptop, { walletId })
  expect(contended.conflicts).toBeLessThan(1)
  expect((await listWallets(laptop)).map(({ id }) => id)).toEqual([walletId])

  const message = new TextEncoder().encode('by two copies')
  const edwards = await sign(phone, { walletId, scheme: 'ed25519', message: Buffer.from(message) })
  const ecdsa = await sign(laptop, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
  expect(ed25519.verify(plain(edwards.signature), message, plain(wallet.publicKeys.ed25519))).toBe(true)
  expect(secp256k1.verify(plain(ecdsa.signature), message, plain(wallet.publicKeys.secp256k1))).toBe(true)

  served.deny(true)
  const refusal = await sign(phone, { walletId, scheme: 'ed25519', message }).catch((error: unknown) => error)
  expect(errors.isMpcError(refusal, 'POLICY_DENIED'), String(refusal)).toBe(true)
}

const plain = (bytes: Uint8Array) => Uint8Array.from(bytes)

/** A store where another tab comes before the next writes of what says which set is used. */
function conflicting({ errors }: Copy, store: client.ShareStore) {
  const contended = {
    ...store,
    conflicts: 0,
    async write(key: string, value: Uint8Array, expectedVersion: string | null) {
      if (key.startsWith('wallet/') && contended.conflicts-- > 0) throw new errors.MpcError('STORAGE_CONFLICT', 'late')
      return store.write(key, value, expectedVersion)
    },
  }
  return contended
}

describe.each([
  ['a second copy', loadCopy, undefined],
  // PGlite itself is of this realm, so that its adapter has to be too.
  ['a copy in another realm', loadRealm, here],
])('%s', (_, load, adapter) => {
  let copy: Copy
  beforeAll(async () => {
    copy = await load()
  })

  test('serves and stores for this one', async () => {
    const served = await serve(here, copy, adapter)
    await story(here, copy, served)
    await served.close()
  })

  test('is served and given its stores by this one', async () => {
    const served = await serve(copy, here, adapter)
    await story(copy, here, served)
    await served.close()
  })

  test('works on its own', async () => {
    const served = await serve(copy, copy, adapter)
    await story(copy, copy, served)
    await served.close()
  })

  test('says that its database cannot be reached, and is believed', async () => {
    const answer = async (own: Copy, other: Copy) => {
      const database = other.postgres.postgresDatabase({ connectionString: 'postgres://nobody@127.0.0.1:1/none' })
      const { fetch } = own.server.createServer({
        database,
        masterKey: new Uint8Array(32).fill(2),
        authenticate: () => ({ clientId: 'client' }),
        onError: () => undefined,
      })
      const { status } = await fetch(new Request('https://server.example/v1/devices'))
      await database.close()
      return status
    }
    expect([await answer(here, copy), await answer(copy, here)]).toEqual([503, 503])
  })

  test('has errors that this one knows, and knows the errors of this one', async () => {
    const conflict = new copy.errors.MpcError('STORAGE_CONFLICT', 'late')
    const blame = new copy.errors.ProtocolError('POK', 2, [1], 'no proof')
    expect(conflict).not.toBeInstanceOf(errors.MpcError)
    expect([conflict, blame].map((error) => errors.isMpcError(error))).toEqual([true, true])
    expect([conflict, blame].map((error) => errors.isProtocolError(error))).toEqual([false, true])
    expect(copy.errors.isMpcError(new errors.MpcError('TIMEOUT', 'late'), 'TIMEOUT')).toBe(true)
  })
})
