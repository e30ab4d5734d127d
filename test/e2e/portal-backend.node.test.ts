import type { AddressInfo } from 'node:net'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backUp } from '../../examples/portal-backend/backup.ts'
import { recover } from '../../examples/portal-backend/recover.ts'
import { createClient, generateWallet, listSets, listWallets, sign, type Client } from '../../src/index.ts'
import { BackupMethods, MpcStatuses, Portal } from '../../src/portal/index.ts'
import { webhookCustodian } from '../../src/custodian/index.ts'
import { apiTokens, createServer } from '../../src/server/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { utf8 } from '../../src/util/bytes.ts'

interface Example {
  createBackend(options: {
    readonly webhookSecret: string
    readonly userOf: (authorization: string | undefined) => string | undefined
    readonly clientOf: (userId: string) => string
  }): RequestListener
}

const webhookSecret = 'webhook-secret-of-the-tests'
const message = utf8('a message')
const passwordOptions = { insecureTestCost: { memoryKiB: 64, passes: 1 } }
const database = pgliteDatabase()

let backend: Server
let apiUrl: string
beforeAll(async () => {
  // By its address, so that only this test needs Express.
  const example = new URL('../../examples/portal-backend/server.mjs', import.meta.url).href
  const { createBackend } = (await import(example)) as Example
  const app = createBackend({
    webhookSecret,
    userOf: (authorization) => /^session of (.+)$/.exec(authorization ?? '')?.[1],
    clientOf: (userId) => `client-${userId}`,
  })
  backend = createHttpServer(app)
  // On a busy machine, what is kept alive for seconds only is closed under the next request.
  backend.keepAliveTimeout = 0
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  apiUrl = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
})
afterAll(async () => {
  await new Promise((resolve) => {
    backend.close(resolve)
    backend.closeAllConnections()
  })
  await database.close()
})

/** A user's devices, in front of a signing server whose custodian is the backend as it is. */
async function user(userId: string, nameSets: boolean) {
  const tokens = apiTokens(database)
  const server = createServer({
    database,
    masterKey: new Uint8Array(32).fill(3),
    authenticate: tokens.authenticate,
    custodian: webhookCustodian({ url: `${apiUrl}/webhook`, secret: webhookSecret, nameSets }),
  })
  const headers = { authorization: `Bearer ${await tokens.create(`client-${userId}`)}` }
  const session = `session of ${userId}`
  const device = () => {
    const client: Client = createClient({ transport: inProcessTransport(server, { headers }), storage: memoryStore() })
    return { client, portal: new Portal({ client, passwordOptions }) }
  }
  const signs = async ({ client }: { client: Client }) => {
    const [wallet] = await listWallets(client)
    return (await sign(client, { walletId: wallet!.id, scheme: 'ed25519', message })).publicKey
  }
  return { device, session, signs }
}

describe('a backend as Portal’s guide shows it', () => {
  test('works as it is, with the guide’s samples of a backup and a recovery', async () => {
    const { device, session, signs } = await user('ann', true)
    const phone = device()
    const keys = await phone.portal.createWallet()
    await backUp(phone.portal, apiUrl, session, 'ann')
    const laptop = device()
    expect(await laptop.portal.availableRecoveryMethods()).toEqual([BackupMethods.Password])
    await recover(laptop.portal, apiUrl, session, 'ann')
    expect(await signs(laptop)).toEqual(keys.ed25519)
    expect(await signs(phone)).toEqual(keys.ed25519)

    // The older guide: another endpoint, the name backupShare, and portal.mpc.recover.
    const response = await fetch(`${apiUrl}/clients/client-ann/backup`, { headers: { authorization: session } })
    const { backupShare } = (await response.json()) as { backupShare: string }
    const tablet = device()
    tablet.portal.setPassword('THE-USER-PASSWORD')
    const statuses: string[] = []
    await tablet.portal.mpc.recover({ cipherText: backupShare, method: BackupMethods.Password }, ({ status }) =>
      statuses.push(status),
    )
    expect(new Set(statuses)).toEqual(
      new Set(Object.values(MpcStatuses).filter((status) => status !== MpcStatuses.encryptingShare)),
    )
    expect(await signs(tablet)).toEqual(keys.ed25519)
    const [wallet] = await listWallets(tablet.client)
    const sets = await listSets(tablet.client, { walletId: wallet!.id })
    expect(sets.filter(({ purpose, state }) => purpose === 'signing' && state === 'ACTIVE')).toHaveLength(3)
  })

  test.each([
    ['keeps the backup before one that was cut off, where sets are named', true],
    ['loses it where they are not: its one row a method has the next share', false],
  ])('%s', async (_, nameSets) => {
    const name = nameSets ? 'bob' : 'carol'
    const { device, session, signs } = await user(name, nameSets)
    const phone = device()
    const { publicKeys } = await generateWallet(phone.client)
    await backUp(phone.portal, apiUrl, session, name)
    // The cipherText of this one is never stored.
    await phone.portal.backupWallet(BackupMethods.Password)
    const laptop = device()
    const recovery = recover(laptop.portal, apiUrl, session, name)
    if (!nameSets) return expect(recovery).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND' })
    await recovery
    return expect(await signs(laptop)).toEqual(publicKeys.ed25519)
  })
})
