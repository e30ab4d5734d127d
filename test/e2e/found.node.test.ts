import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { password } from '../../src/backup/index.ts'
import { deviceId, sealedTransport } from '../../src/channel/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import {
  backupWallet,
  createClient,
  custodianBackups,
  findWallets,
  generateWallet,
  recoverWallet,
  revokeDevice,
  sign,
} from '../../src/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { memoryStore } from '../../src/storage/index.ts'
import type { WalletPage } from '../../src/wire/wallets.ts'
import { httpTransport } from '../../src/transport/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { databaseKinds } from './support/databases.ts'
import { deploy, type Deployment } from './support/deployment.ts'

const channel = generateKeyPair(seededRandom())
const message = utf8('a message')
const secret = (text: string) => password(text, { insecureTestCost: { memoryKiB: 64, passes: 1 } })

describe.each(databaseKinds)('a device with only a token, on $name', ({ open }) => {
  let database: Database
  let deployment: Deployment
  beforeAll(async () => {
    database = await open()
    deployment = await deploy(database, undefined, 'refuse', { channelKeys: [channel.secretKey] })
  })
  afterAll(async () => {
    await deployment.close()
    await database.close()
  })

  /** What a login gives: a token, by which signing server and app know the user. */
  async function login(clientId: string, sealed: boolean) {
    const token = await deployment.createToken(clientId)
    const headers = { authorization: `Bearer ${token}` }
    const storage = memoryStore()
    const transport = sealed
      ? sealedTransport({
          transport: httpTransport(deployment.url),
          serverKey: channel.publicKey,
          storage,
          headers: () => headers,
        })
      : httpTransport(deployment.url, { headers })
    const app = httpTransport(deployment.appUrl, { headers })
    const store = async (backupMethod: string, { cipherText, setId }: { cipherText: string; setId: string }) => {
      const { status } = await fetch(`${deployment.appUrl}/users/user%20${clientId}/encrypted-user-backup-shares`, {
        method: 'PUT',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ backupMethod, cipherText, setId }),
      })
      expect(status).toBe(204)
    }
    return { storage, transport, client: createClient({ transport, storage }), backups: custodianBackups(app), store }
  }

  test.each([
    ['over TLS alone', false],
    ['with sealed requests', true],
  ])('finds its wallets and recovers each: %s', async (_, sealed) => {
    const clientId = sealed ? 'ann' : 'bob'
    const phone = await login(clientId, sealed)
    const wallets = [await generateWallet(phone.client), await generateWallet(phone.client)]
    for (const [i, { id: walletId }] of wallets.entries()) {
      // A confirmed one, which the next replaces, and one that nobody ever confirmed.
      for (const [text, confirms] of [
        ['old', true],
        [`secret ${i}`, true],
        ['forgotten', false],
      ] as const) {
        const backup = await backupWallet(phone.client, { walletId, method: secret(text) })
        await phone.store('PASSWORD', backup)
        if (confirms) await backup.confirm()
      }
    }

    const laptop = await login(clientId, sealed)
    const found = await findWallets(laptop.client)
    expect(found.map(({ id, publicKeys }) => ({ id, publicKeys }))).toEqual(
      wallets.map(({ id, publicKeys }) => ({ id, publicKeys })),
    )
    for (const { backups } of found) {
      const confirmedAt = expect.any(String)
      expect(backups).toMatchObject([
        { method: 'PASSWORD', confirmedAt },
        { method: 'PASSWORD', confirmedAt: null },
      ])
    }
    // Page by page, as a client with more wallets than fit one asks.
    const pages: string[] = []
    for (let after: string | null = ''; after !== null;) {
      const path: string = `/v1/wallets?limit=1${after && `&after=${after}`}`
      const { body } = await laptop.transport.request({ method: 'GET', path })
      const page = JSON.parse(new TextDecoder().decode(body)) as WalletPage
      pages.push(...page.wallets.map(({ walletId }) => walletId))
      after = page.next
    }
    expect(pages).toEqual(found.map(({ id }) => id))
    const { backups } = laptop
    for (const [i, { id: walletId, publicKeys }] of found.entries()) {
      const options = { backups, walletId, publicKeys, existingSets: 'keep' } as const
      const wrong = recoverWallet(laptop.client, { ...options, method: secret('wrong') })
      await expect(wrong).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
      const recovered = await recoverWallet(laptop.client, { ...options, method: secret(`secret ${i}`) })
      expect(recovered).toMatchObject({ id: walletId, publicKeys })
      await sign(laptop.client, { walletId, scheme: 'ed25519', message })
      await sign(phone.client, { walletId, scheme: 'ed25519', message })
    }
    const [first] = await findWallets(laptop.client)
    const devices = sealed ? [await deviceId(phone.storage), await deviceId(laptop.storage)] : [null, null]
    expect(first!.signingSets.map(({ deviceId }) => deviceId)).toEqual(devices)

    if (!sealed) return
    await revokeDevice(laptop.client, { deviceId: await deviceId(phone.storage) })
    await expect(findWallets(phone.client)).rejects.toMatchObject({ code: 'DEVICE_REVOKED' })
  })

  test('another user’s token finds nothing', async () => {
    const { client, backups } = await login('mallory', false)
    expect(await findWallets(client)).toEqual([])
    const recovery = recoverWallet(client, { backups, method: secret('secret 0'), existingSets: 'keep' })
    await expect(recovery).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND' })
  })
})
