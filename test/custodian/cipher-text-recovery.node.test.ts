import { describe, expect, test } from 'vitest'
import { deviceId, sealedTransport } from '../../src/channel/index.ts'
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
import { createServer } from '../../src/server/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { fileBackend, type Backend } from './support/cipher-texts.ts'

describe.each(chosenDatabases('custodian/cipher-texts'))('the recovery by cipherTexts on $name', ({ open }) => {
  const random = seededRandom()
  let backend: Backend
  fileBackend(open, (made) => (backend = made))

  const channelKey = generateKeyPair(random)
  const message = utf8('a message')
  const method = plainMethod()

  /** A user's devices, and the app's side of the user's backups. */
  function deviceGroup(name: string, named: boolean) {
    const server = createServer({
      database: backend.database,
      masterKey: new Uint8Array(32).fill(2),
      authenticate: () => ({ clientId: `client ${name}` }),
      custodian: backend.custodian,
      channelKeys: [channelKey.secretKey],
      random,
    })
    const { put, get } = backend.user(name)
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
    const { device, backUp, recover, get } = deviceGroup(`a ${name}`, named)
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
    const { device, backUp, recover, get } = deviceGroup(`b ${name}`, named)
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
