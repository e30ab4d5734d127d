import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createClient,
  custodianBackups,
  findWallets,
  generateWallet,
  MpcError,
  sign,
  type Client,
  type PublicKeys,
} from '../../src/index.ts'
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { createCustodian, webhookCustodian } from '../../src/custodian/index.ts'
import { BackupMethods, MpcStatuses, Portal, type PortalOptions } from '../../src/portal/index.ts'
import { apiTokens, createServer } from '../../src/server/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { fromHex, toHex, utf8 } from '../../src/util/bytes.ts'
import { plainMethod } from '../client/support/plain-method.ts'

const database = pgliteDatabase()
const tokens = apiTokens(database)
const webhookSecret = 'webhook-secret-of-the-tests'
const message = utf8('a message')
const asked: string[] = []
const custodian = createCustodian({
  database,
  masterKey: new Uint8Array(32).fill(1),
  webhookSecret,
  authenticateUser: async (request) => {
    const client = await tokens.authenticate(request)
    return client && { ...client, userId: client.clientId }
  },
  authorizeExport: (_, { authorization, curve }) => asked.push(`${curve}: ${authorization}`) > 0,
})
const server = createServer({
  database,
  masterKey: new Uint8Array(32).fill(2),
  authenticate: tokens.authenticate,
  custodian: webhookCustodian({
    url: 'https://app.test',
    secret: webhookSecret,
    fetch: (input, init) => custodian.fetch(new Request(input, init)),
  }),
})
beforeAll(() => server.sweep())
afterAll(() => database.close())

/** A user's devices. */
async function user(name: string) {
  const headers = { authorization: `Bearer ${await tokens.create(name)}` }
  const app = inProcessTransport(custodian, { headers })
  const device = <A = PublicKeys>(options: Partial<PortalOptions<A>> = {}) => {
    const client = createClient({ transport: inProcessTransport(server, { headers }), storage: memoryStore() })
    const passwordOptions = { insecureTestCost: { memoryKiB: 64, passes: 1 } }
    return { client, portal: new Portal<A>({ client, passwordOptions, ...options }) }
  }
  const store = async (backupMethod: string, { cipherText, setId }: { cipherText: string; setId: string }) => {
    const response = await custodian.fetch(
      new Request(`https://app.test/users/${name}/encrypted-user-backup-shares`, {
        method: 'PUT',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ backupMethod, cipherText, setId }),
      }),
    )
    expect(response.status).toBe(204)
  }
  return { device, app, store }
}

const works = async (client: Client) => {
  const [wallet] = await findWallets(client)
  await sign(client, { walletId: wallet!.id, scheme: 'ed25519', message })
}

describe('a wallet by the calls of Portal', () => {
  test('goes through its life', async () => {
    const { device, app, store } = await user('ann')
    const addresses = ({ secp256k1: key }: { readonly secp256k1: Uint8Array }) => `address of ${toHex(key)}`
    const { client, portal } = device({ addresses })
    const state = async (portal: Portal<unknown>) => [
      await portal.doesWalletExist(),
      await portal.isWalletOnDevice(),
      await portal.isWalletBackedUp(),
      await portal.isWalletRecoverable(),
      await portal.availableRecoveryMethods(),
    ]
    expect(await state(portal)).toEqual([false, false, false, false, []])
    await expect(portal.backupWallet(BackupMethods.Password)).rejects.toMatchObject({ code: 'PASSWORD_REQUIRED' })
    portal.setPassword('secret')
    await expect(portal.backupWallet(BackupMethods.Password)).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND' })

    const statuses: string[] = []
    const address = await portal.createWallet(({ status }) => statuses.push(status))
    expect([...new Set(statuses)]).toEqual([
      ...[MpcStatuses.generatingShare, MpcStatuses.parsingShare, MpcStatuses.storingShare, MpcStatuses.done],
    ])
    await expect(portal.createWallet()).rejects.toMatchObject({ code: 'WALLET_EXISTS' })
    expect(await state(portal)).toEqual([true, true, false, false, []])

    const backup = await portal.backupWallet(BackupMethods.Password)
    await store(BackupMethods.Password, backup)
    expect(await state(portal)).toEqual([true, true, false, false, []])
    await backup.storageCallback()
    expect(await state(portal)).toEqual([true, true, true, true, [BackupMethods.Password]])

    const laptop = device({ addresses, backups: custodianBackups(app) })
    await expect(laptop.portal.createWallet()).rejects.toMatchObject({ code: 'WALLET_EXISTS' })
    expect(await state(laptop.portal)).toEqual([true, false, true, true, [BackupMethods.Password]])
    const configs = { passwordStorage: { password: 'secret' } }
    expect(await laptop.portal.recoverWallet('', BackupMethods.password, configs)).toBe(address)
    await Promise.all([works(client), works(laptop.client)])

    const { cipherText } = backup
    const tablet = device({ addresses, existingSets: 'retire' })
    expect(await tablet.portal.provisionWallet(cipherText, BackupMethods.Password, configs)).toBe(address)
    await works(client)
    expect(await tablet.portal.recoverWallet(cipherText, BackupMethods.Password, configs)).toBe(address)
    await expect(works(client)).rejects.toMatchObject({ code: 'SET_RETIRED' })

    expect(await tablet.portal.clearLocalWallet()).toBe(true)
    expect(await state(tablet.portal)).toEqual([true, false, true, true, [BackupMethods.Password]])
    expect(await tablet.portal.clearLocalWallet()).toBe(true)
    laptop.portal.setPassword('secret')
    await laptop.portal.clearLocalWallet()
    await expect(laptop.portal.recoverWallet(cipherText, BackupMethods.Password)).rejects.toMatchObject({
      code: 'PASSWORD_REQUIRED',
    })
  })

  test('gives both keys out, each where the custodian allows it', async () => {
    const { device, app } = await user('eve')
    const { portal } = device({ custodian: app })
    const keys = await portal.createWallet()
    portal.setPassword('secret')
    const { cipherText, storageCallback } = await portal.backupWallet(BackupMethods.Password)
    await storageCallback()
    asked.length = 0
    const { SECP256K1, ED25519 } = await portal.ejectPrivateKeys(
      cipherText,
      BackupMethods.Password,
      undefined,
      (curve) => `code for ${curve}`,
    )
    expect(asked).toEqual(['secp256k1: code for SECP256K1', 'ed25519: code for ED25519'])
    expect(secp256k1.getPublicKey(fromHex(SECP256K1))).toEqual(keys.secp256k1)
    const scalar = BigInt(`0x${toHex(fromHex(ED25519).reverse())}`)
    expect(ed25519.Point.BASE.multiply(scalar).toBytes()).toEqual(keys.ed25519)
    await expect(device().portal.ejectPrivateKeys(cipherText, BackupMethods.Password, {}, 'code')).rejects.toThrow(
      TypeError,
    )
  })

  test('is one of several by its id alone', async () => {
    const { device } = await user('two')
    const { client, portal } = device()
    const wallets = [await generateWallet(client), await generateWallet(client)]
    for (const call of [portal.doesWalletExist(), portal.isWalletOnDevice(), portal.availableRecoveryMethods()]) {
      await expect(call).rejects.toThrow(RangeError)
    }
    const { id: walletId } = wallets[1]!
    const own = new Portal({ client, walletId, backupMethods: { PASSWORD: plainMethod() } })
    expect(await own.isWalletOnDevice()).toBe(true)
    const { cipherText } = await own.backupWallet(BackupMethods.Password)
    const other = new Portal({ client, walletId: wallets[0]!.id, backupMethods: { PASSWORD: plainMethod() } })
    await expect(other.recoverWallet(cipherText, BackupMethods.Password)).rejects.toMatchObject({
      code: 'BACKUP_OTHER_WALLET',
    })
    expect(await own.clearLocalWallet()).toBe(true)
    expect([await own.isWalletOnDevice(), await other.isWalletOnDevice()]).toEqual([false, true])
  })

  test('takes methods that the app gives, and no others', async () => {
    const { device } = await user('methods')
    const failing = plainMethod('x', { name: 'GDRIVE', probe: () => Promise.reject(new MpcError('ABORTED', 'mine')) })
    const { portal } = device({ backupMethods: { GDRIVE: failing } })
    await portal.createWallet()
    await expect(portal.backupWallet(BackupMethods.gdrive)).rejects.toMatchObject({ message: 'mine' })
    await expect(portal.backupWallet(BackupMethods.Passkey)).rejects.toThrow(TypeError)
    await expect(portal.backupWallet('toString' as never)).rejects.toThrow('no backup method of this name')
    await expect(portal.recoverWallet('', BackupMethods.gdrive)).rejects.toThrow(RangeError)
    expect(() => portal.setPassword(1 as never)).toThrow(TypeError)
  })

  test.each<[string, object]>([
    ['no client', {}],
    ['a client that is none', { client: { transport: {} } }],
    ['a method that is none', { backupMethods: { PASSKEY: {} } }],
    ['a source that is none', { backups: [] }],
    ['a custodian that is none', { custodian: 'https://app.test' }],
  ])('refuses %s', (_, wrong) => {
    const client = createClient({ transport: inProcessTransport(server), storage: memoryStore() })
    const options = Object.keys(wrong).length === 0 ? wrong : { client, ...wrong }
    expect(() => new Portal(options as PortalOptions)).toThrow(TypeError)
  })
})
