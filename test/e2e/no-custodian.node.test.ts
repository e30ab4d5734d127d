import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCustodian, webhookCustodian, type Custodian } from '../../src/custodian/index.ts'
import { backupWallet, createClient, generateWallet, recoverWallet, sign } from '../../src/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import type { Database } from '../../src/service/database/types.ts'
import { createServer, type Server } from '../../src/server/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { cheap } from '../backup/fixtures.ts'

const RIGHT = 'the-secret-of-the-backend'

let database: Database
beforeAll(() => void (database = pgliteDatabase()))
afterAll(() => database.close())

/** A signing server, and the webhooks that were called. */
function serverWith(secret: string | undefined) {
  const backend = createCustodian({
    database,
    masterKey: new Uint8Array(32).fill(1),
    webhookSecret: RIGHT,
    authenticateUser: () => undefined,
  })
  const calls: string[] = []
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const request = new Request(url, init)
    calls.push(new URL(request.url).pathname)
    return backend.fetch(request)
  }
  const custodian: Custodian | undefined = secret
    ? webhookCustodian({ url: 'https://app.test', secret, fetch })
    : undefined
  const server = createServer({
    database,
    masterKey: new Uint8Array(32).fill(2),
    authenticate: () => ({ clientId: 'ann' }),
    onError: () => undefined,
    ...(custodian && { custodian }),
  })
  return { server, calls }
}

/** A device whose server may change, and the paths of what it asks. */
function deviceOf(first: Server) {
  const at = { server: first, paths: [] as string[] }
  const fetch = (request: Request) => {
    at.paths.push(new URL(request.url).pathname)
    return at.server.fetch(request)
  }
  const transport = inProcessTransport({ fetch })
  const wait = () => Promise.reject(new Error('what is final is not repeated'))
  return { at, client: createClient({ transport, storage: memoryStore(), wait }) }
}

const method = cheap('correct horse battery staple')

describe.each([
  ['no custodian', undefined, 'this server has no custodian: it makes no backups and recovers nothing', []],
  ['a wrong webhook secret', `not-${RIGHT}`, 'the custodian does not accept the webhook secret (401)', ['/backup']],
])('a server with %s', (_, secret, message, calls) => {
  const failure = { code: 'WEBHOOK_FAILED', retryable: false, message }

  test('says so to backupWallet by its first answer, and a server that is set up goes on', async () => {
    const broken = serverWith(secret)
    const { at, client } = deviceOf(broken.server)
    const wallet = await generateWallet(client)
    at.paths.length = 0
    await expect(backupWallet(client, { walletId: wallet.id, method })).rejects.toMatchObject(failure)
    // Once: what it was given may be there all the same, so that its removal is asked for after.
    expect(broken.calls.filter((path) => path !== '/backup/delete')).toEqual(calls)
    expect(new Set(at.paths).size).toBe(at.paths.length)

    at.server = serverWith(RIGHT).server
    const { cipherText, confirm } = await backupWallet(client, { walletId: wallet.id, method })
    await confirm()
    await sign(client, { walletId: wallet.id, scheme: 'ed25519', message: utf8('goes on') })

    const laptop = deviceOf(serverWith(secret).server)
    const recover = () => recoverWallet(laptop.client, { cipherText, method, existingSets: 'keep' })
    await expect(recover()).rejects.toMatchObject(failure)
    expect(new Set(laptop.at.paths).size).toBe(laptop.at.paths.length)
    laptop.at.server = serverWith(RIGHT).server
    expect((await recover()).id).toBe(wallet.id)
  })
})
