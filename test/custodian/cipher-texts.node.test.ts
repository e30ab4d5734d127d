import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deviceId, sealedTransport } from '../../src/channel/index.ts'
import { createCustodian, webhookCustodian, type Custodian, type CustodianApp } from '../../src/custodian/index.ts'
import { custodianSchema } from '../../src/custodian/backend/schema.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import {
  backupWallet,
  createClient,
  generateWallet,
  MpcError,
  recoverWallet,
  revokeDevice,
  sign,
  type Client,
  type ShareStore,
} from '../../src/index.ts'
import { createMigrate } from '../../src/service/database/migrate.ts'
import type { Database } from '../../src/service/database/types.ts'
import { createServer } from '../../src/server/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'

const SECRET = 'webhook-secret-of-the-tests'
const USER_HEADER = 'x-test-user'

/** The app's backend, as the signing server and the users see it. */
function backend(database: Database, random = seededRandom('custodian')) {
  const app: CustodianApp = createCustodian({
    database,
    masterKey: utf8('the custodian key of these tests'),
    webhookSecret: SECRET,
    authenticateUser: ({ headers }) => {
      const name = headers.get(USER_HEADER)!
      return { userId: `user ${name}`, clientId: `client ${name}` }
    },
    random,
  })
  const fetch: typeof globalThis.fetch = (input, init) => app.fetch(new Request(input, init))
  const custodian = webhookCustodian({ url: 'https://app.test', secret: SECRET, fetch }) as Required<Custodian>
  return {
    custodian,
    user(name: string) {
      const path = `https://app.test/users/${encodeURIComponent(`user ${name}`)}/encrypted-user-backup-shares`
      const request = async (url: string, init?: RequestInit) => {
        const answer = await fetch(url, {
          ...init,
          headers: { 'content-type': 'application/json', [USER_HEADER]: name },
        })
        const text = await answer.text()
        const json = (text === '' ? {} : JSON.parse(text)) as { cipherText?: string; error?: { id: string } }
        return json.error?.id ?? json.cipherText ?? answer.status
      }
      return {
        /** 204, or the code of the refusal. */
        put: (cipherText: string, setId?: string, backupMethod = 'PASSWORD') =>
          request(path, { method: 'PUT', body: JSON.stringify({ backupMethod, cipherText, setId }) }),
        /** The text, or the code of the refusal. */
        get: (query = '', backupMethod = 'PASSWORD') => request(`${path}?backupMethod=${backupMethod}${query}`),
        ofClient: (query = '') =>
          request(`https://app.test/clients/${encodeURIComponent(`client ${name}`)}/backup${query}`),
      }
    },
  }
}

describe.each(chosenDatabases('custodian/cipher-texts'))('the cipherTexts on $name', ({ open }) => {
  const random = seededRandom()
  let database: Database
  let app: ReturnType<typeof backend>
  /** What an earlier version stores: its schema takes it after a change of version, too. */
  const storeAsBefore = (user: string, backupMethod: string, cipherText: string, client = user) =>
    database.query(
      `insert into reshare_custodian_ciphertexts (user_id, backup_method, client_id, cipher_text, updated_at)
       values ($1, $2, $3, $4, now())`,
      [`user ${user}`, backupMethod, `client ${client}`, cipherText],
    )
  const oldSets = [toHex(random(32)), toHex(random(32))] as const
  beforeAll(async () => {
    database = await open()
    await createMigrate(database)({ ...custodianSchema, migrations: custodianSchema.migrations.slice(0, 3) })
    for (const setId of oldSets) {
      await database.query(
        `insert into reshare_custodian_shares (client_id, share_id, set_id, backup_method, sealed, created_at)
         values ('client old', $1, $2, 'PASSWORD', '', now())`,
        [random(32), setId],
      )
    }
    await storeAsBefore('old', 'PASSWORD', 'old')
    await storeAsBefore('old', 'PASSKEY', 'old passkey')
    await storeAsBefore('alone', 'PASSWORD', 'alone')
    app = backend(database)
    await app.custodian.fetch('client old', toHex(random(32)))
  })
  afterAll(() => database.close())

  /** A new backup set of a user, whose half is stored. */
  async function newSet(name: string): Promise<string> {
    const setId = toHex(random(32))
    await app.custodian.store({ clientId: `client ${name}`, setId, backupMethod: 'PASSWORD', share: random(40) })
    return setId
  }
  const remove = (name: string, setId: string) => app.custodian.delete(`client ${name}`, setId)

  test('those of older versions stay, and go with the last half that they may belong to', async () => {
    const { get } = app.user('old')
    const alone = app.user('alone').get
    expect([await get(), await get('', 'PASSKEY'), await alone()]).toEqual(['old', 'old passkey', 'alone'])
    await storeAsBefore('rollout', 'PASSWORD', 'by the old one', 'old')
    await remove('old', oldSets[1])
    expect([await get(`&setId=${oldSets[0]}`), await get('', 'PASSKEY')]).toEqual(['old', 'old passkey'])
    await remove('old', oldSets[0])
    expect([await get(), await get('', 'PASSKEY')]).toEqual(['SHARE_NOT_FOUND', 'SHARE_NOT_FOUND'])
    // Nothing is known of these.
    expect([await alone(), await app.user('rollout').get()]).toEqual(['alone', 'by the old one'])
  })

  test('their numbers go on past 32 bits, and those of halves', async () => {
    for (const table of ['reshare_custodian_shares', 'reshare_custodian_ciphertexts']) {
      await database.query(`alter table ${table} alter column ordinal restart with 2147483647`)
    }
    const { put, get } = app.user('many')
    for (const text of ['1', '2']) expect(await put(text, await newSet('many'))).toBe(204)
    expect([await get(), await get('&skip=1')]).toEqual(['2', '1'])
  })

  test('each backup keeps its own, the newest first, until its half is removed', async () => {
    const { put, get, ofClient } = app.user('ann')
    const [first, second, third] = [await newSet('ann'), await newSet('ann'), await newSet('ann')]
    expect([await put('1', first), await put('2', second), await put('3', third, 'PASSKEY')]).toEqual([204, 204, 204])
    expect([await get(), await get('&skip=1'), await get('&skip=2')]).toEqual(['2', '1', 'SHARE_NOT_FOUND'])
    expect([await get('', 'PASSKEY'), await ofClient(), await ofClient('?skip=2')]).toEqual(['3', '3', '1'])
    expect([await get(`&setId=${first}`), await get(`&setId=${third}`)]).toEqual(['1', 'SHARE_NOT_FOUND'])
    expect([await ofClient(`?setId=${second}`), await get('', 'CUSTOM')]).toEqual(['2', 'SHARE_NOT_FOUND'])
    await remove('ann', second)
    expect([await get(), await get(`&setId=${second}`), await ofClient()]).toEqual(['1', 'SHARE_NOT_FOUND', '3'])
    await remove('ann', second)
    await remove('ann', third)
    expect([await get(), await ofClient()]).toEqual(['1', '1'])
    await remove('ann', first)
    expect([await get(), await ofClient()]).toEqual(['SHARE_NOT_FOUND', 'SHARE_NOT_FOUND'])
  })

  test('a set has one by each method, which is put once: the same again changes nothing, another is refused', async () => {
    const { put, get } = app.user('again')
    const [first, second] = [await newSet('again'), await newSet('again')]
    await put('1', first)
    await put('1 by passkey', first, 'PASSKEY')
    await put('2', second)
    for (const text of ['1 sealed anew', '2', '']) expect(await put(text, first)).not.toBe(204)
    expect(await put('1 sealed anew', first)).toBe('STORAGE_CONFLICT')
    expect(await put('1', first)).toBe(204)
    expect([await get(), await get('&skip=1'), await get('&skip=2')]).toEqual(['2', '1', 'SHARE_NOT_FOUND'])
    expect([await get(`&setId=${first}`), await get('', 'PASSKEY')]).toEqual(['1', '1 by passkey'])
    await remove('again', first)
    expect([await put('1', first), await get(), await get('&skip=1')]).toEqual([
      'SHARE_NOT_FOUND',
      '2',
      'SHARE_NOT_FOUND',
    ])
  })

  test('of many that are put for a set at once one is kept, and its sender is told so', async () => {
    const { put, get } = app.user('at once')
    const setId = await newSet('at once')
    const texts = Array.from({ length: 6 }, (_, i) => `text ${i >> 1}`)
    const answers = await Promise.all(texts.map((text) => put(text, setId)))
    const kept = await get(`&setId=${setId}`)
    expect(texts).toContain(kept)
    expect(answers).toEqual(texts.map((text) => (text === kept ? 204 : 'STORAGE_CONFLICT')))
    expect(await get('&skip=1')).toBe('SHARE_NOT_FOUND')
  })

  test('none is kept for a set without a half of this client: a late one does not come back', async () => {
    const { put, get } = app.user('late')
    const setId = await newSet('late')
    await put('late', setId)
    await remove('late', setId)
    expect([await put('late', setId), await put('late', await newSet('stranger'))]).toEqual([
      'SHARE_NOT_FOUND',
      'SHARE_NOT_FOUND',
    ])
    expect(await get()).toBe('SHARE_NOT_FOUND')
  })

  test('a text and the removal of its half at once: none stays alone', async () => {
    const { put, get } = app.user('race')
    for (let i = 0; i < 5; i++) {
      const setId = await newSet('race')
      await Promise.all([put(`text ${i}`, setId), remove('race', setId)])
    }
    expect(await get()).toBe('SHARE_NOT_FOUND')
  })

  test('removing halves takes nothing from another client', async () => {
    const setId = await newSet('one')
    await app.custodian.store({ clientId: 'client two', setId, backupMethod: 'PASSWORD', share: random(40) })
    for (const name of ['one', 'two']) await app.user(name).put(`of ${name}`, setId)
    await remove('one', setId)
    expect([await app.user('one').get(), await app.user('two').get()]).toEqual(['SHARE_NOT_FOUND', 'of two'])
  })

  test('without a setId they are kept until every set that they may be of has lost its halves', async () => {
    const { put, get } = app.user('bare')
    const first = await newSet('bare')
    expect(await put('1')).toBe(204)
    const second = await newSet('bare')
    for (const text of ['2', '2']) expect(await put(text)).toBe(204)
    const third = await newSet('bare')
    expect([await get(), await get('&skip=1'), await get('&skip=2')]).toEqual(['2', '1', 'SHARE_NOT_FOUND'])
    expect([await get(`&setId=${first}`), await get(`&setId=${first}&skip=1`)]).toEqual(['2', '1'])
    expect([await get(`&setId=${second}&skip=1`), await get(`&setId=${third}`)]).toEqual([
      'SHARE_NOT_FOUND',
      'SHARE_NOT_FOUND',
    ])
    await put('1 by name', first)
    await put('2 by name', second)
    await put('2')
    expect([await get(), await get(`&setId=${first}`), await get(`&setId=${first}&skip=1`)]).toEqual([
      '2',
      '1 by name',
      '2',
    ])
    await remove('bare', first)
    expect([await get(), await get('&skip=1'), await get('&skip=2')]).toEqual(['2', '2 by name', 'SHARE_NOT_FOUND'])
    await remove('bare', second)
    expect([await get(), await get('&skip=1')]).toEqual(['2', 'SHARE_NOT_FOUND'])
    await remove('bare', third)
    expect(await get()).toBe('SHARE_NOT_FOUND')
  })

  test('so many of these are kept and no more: the next is refused, and one with its setId is not', async () => {
    const { put, get } = app.user('full')
    const setId = await newSet('full')
    for (let i = 1; i <= 32; i++) expect(await put(`text ${i}`, undefined, i > 16 ? 'PASSKEY' : 'PASSWORD')).toBe(204)
    expect([await put('text 33'), await put('text 33', setId)]).toEqual(['POLICY_DENIED', 204])
    expect([await put('text 1'), await get(), await get('&skip=16')]).toEqual([204, 'text 1', 'text 2'])
    expect(await app.user('somebody else').put('text 1')).toBe(204)
    await remove('full', setId)
    await newSet('full')
    expect(await put('text 34')).toBe(204)
  })

  test.each(['&setId=5e', '&skip=-1', '&skip=', '&skip=1e3', '&skip=01', '&skip=1000000'])(
    'a query of %s is refused',
    async (query) => {
      const { get, ofClient } = app.user('ann')
      expect([await get(query), await ofClient(query.replace('&', '?'))]).toEqual(['BAD_REQUEST', 'BAD_REQUEST'])
    },
  )

  describe('the way back', () => {
    const channelKey = generateKeyPair(random)
    const message = utf8('a message')
    const method = plainMethod()

    /** A user's devices, and the app's side of the user's backups. */
    function household(name: string, named: boolean) {
      const server = createServer({
        database,
        masterKey: new Uint8Array(32).fill(2),
        authenticate: () => ({ clientId: `client ${name}` }),
        custodian: app.custodian,
        channelKeys: [channelKey.secretKey],
        random,
      })
      const { put, get } = app.user(name)
      const device = (label: string, storage: ShareStore = memoryStore()): Client => {
        const inner = inProcessTransport(server)
        const transport = sealedTransport({ transport: inner, serverKey: channelKey.publicKey, storage, random })
        return createClient({ transport, storage, random, label })
      }
      return {
        device,
        get,
        async backUp(client: Client, walletId: string) {
          const { cipherText, setId, confirm } = await backupWallet(client, { walletId, method })
          expect(await put(cipherText, ...(named ? [setId] : []))).toBe(204)
          return { cipherText, setId, confirm }
        },
        /** From the newest cipherText, or the newest older one that still serves for this wallet. */
        async recover(client: Client, walletId: string) {
          for (let skip = 0; ; skip++) {
            const cipherText = String(await get(`&skip=${skip}`))
            expect(cipherText).not.toBe('SHARE_NOT_FOUND')
            try {
              return await recoverWallet(client, { cipherText, method, walletId, existingSets: 'keep' })
            } catch (error) {
              const passes = error instanceof MpcError && /^BACKUP_(SUPERSEDED|OTHER_WALLET)$/.test(error.code)
              if (!passes) throw error
            }
          }
        },
      }
    }

    test.each([
      ['named', true],
      ['unnamed', false],
    ])('is not lost with a backup (%s) that its device never confirmed', async (name, named) => {
      const { device, backUp, recover, get } = household(`a ${name}`, named)
      const phoneStore = memoryStore()
      const phone = device('phone', phoneStore)
      const { id: walletId, publicKeys } = await generateWallet(phone)
      const first = await backUp(phone, walletId)
      await first.confirm()
      const tablet = device('tablet')
      await recover(tablet, walletId)
      const second = await backUp(phone, walletId)
      expect(await get()).toBe(second.cipherText)
      await revokeDevice(tablet, { deviceId: await deviceId(phoneStore) })
      // The tablet is lost, too.
      expect(await get()).toBe(named ? first.cipherText : second.cipherText)
      const laptop = device('laptop')
      expect(await recover(laptop, walletId)).toMatchObject({ publicKeys })
      await sign(laptop, { walletId, scheme: 'ed25519', message })

      const third = await backUp(laptop, walletId)
      await third.confirm()
      expect([await get(), await get('&skip=1')]).toEqual([third.cipherText, 'SHARE_NOT_FOUND'])
    })

    test.each([
      ['named', true],
      ['unnamed', false],
    ])('is not lost with the backup (%s) of the user’s other wallet', async (name, named) => {
      const { device, backUp, recover, get } = household(`b ${name}`, named)
      const phone = device('phone')
      const wallets = [await generateWallet(phone), await generateWallet(phone)]
      const setIds: string[] = []
      for (const { id } of wallets) {
        const { setId, confirm } = await backUp(phone, id)
        await confirm()
        setIds.push(setId)
      }
      const laptop = device('laptop')
      for (const { id, publicKeys } of wallets) expect(await recover(laptop, id)).toMatchObject({ publicKeys })
      if (named) expect(await get(`&setId=${setIds[0]}`)).toBe(await get('&skip=1'))
    })
  })
})
