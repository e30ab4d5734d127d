import { describe, expect, test } from 'vitest'
import {
  generateWallet,
  getWallet,
  MpcError,
  provisionWallet,
  refreshShares,
  sign,
  type Client,
  type ErrorCode,
  type ShareStore,
} from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { code } from '../../support/code.ts'
import { backedUp } from '../support/backed-up.ts'
import { stage } from '../support/devices.ts'
import { watchedStore, watchedTransport } from '../support/faults.ts'
import { plainMethod } from '../support/plain-method.ts'

const method = plainMethod()
const message = utf8('hello')
const failing = (value: ErrorCode) => () => Promise.reject(new MpcError(value, 'planted'))

const signs = (client: Client, walletId: string) => sign(client, { walletId, scheme: 'ed25519', message })

async function replace(storage: ShareStore, key: string, value: Uint8Array): Promise<void> {
  await storage.delete(key)
  await storage.write(key, value, null)
}

describe('a store that cannot hold a share', () => {
  test('is found out before any protocol message', async () => {
    const { server, device, walletId, cipherText, storage } = await backedUp()
    const sets = server.sets.size
    server.log.length = 0
    const broken = device('x', { storage: { ...storage, probe: failing('STORAGE_UNAVAILABLE') } })
    for (const attempt of [
      generateWallet(broken),
      provisionWallet(broken, { cipherText, method }),
      refreshShares(broken, { walletId }),
    ]) {
      await expect(attempt).rejects.toEqual(code('STORAGE_UNAVAILABLE'))
    }
    expect(server.log).toEqual([])
    expect(server.sets.size).toBe(sets)
  })

  test.each<[string, ErrorCode, (store: ShareStore) => Partial<ShareStore>]>([
    ['is full for shares', 'STORAGE_FULL', (store) => onlyFor(store, 'share/', failing('STORAGE_FULL'))],
    ['is full for records', 'STORAGE_FULL', (store) => onlyFor(store, 'wallet/', failing('STORAGE_FULL'))],
    ['forgets what it takes', 'STORAGE_UNAVAILABLE', (store) => onlyFor(store, 'share/', async () => '1')],
    [
      'gives back something else',
      'STORAGE_UNAVAILABLE',
      (store) => ({ read: async (key) => flipped(key, await store.read(key)) }),
    ],
    [
      'never stops conflicting',
      'OPERATION_IN_PROGRESS',
      (store) => onlyFor(store, 'wallet/', failing('STORAGE_CONFLICT')),
    ],
  ])('because it %s leaves nothing behind, here or on the server', async (_, expected, plant) => {
    const { server, device, cipherText } = await backedUp()
    const sets = [...server.sets.keys()]
    const storage = memoryStore()
    const laptop = device('laptop', { storage: { ...storage, ...plant(storage) } })
    await expect(provisionWallet(laptop, { cipherText, method })).rejects.toEqual(code(expected))
    expect(await storage.list('share/')).toEqual([])
    expect([...server.sets.keys()]).toEqual(sets)
    expect(server.log.at(-1)).toMatch(/abort$/)
    const again = device('laptop', { storage })
    const wallet = await provisionWallet(again, { cipherText, method })
    await signs(again, wallet.id)
  })
})

function onlyFor(store: ShareStore, prefix: string, write: ShareStore['write']): Partial<ShareStore> {
  return { write: (key, ...rest) => (key.startsWith(prefix) ? write(key, ...rest) : store.write(key, ...rest)) }
}

function flipped(key: string, stored: Awaited<ReturnType<ShareStore['read']>>) {
  if (stored !== undefined && key.startsWith('share/')) stored.value[40]! ^= 1
  return stored
}

describe('a share', () => {
  test('is written before the last message, read back, noted, and activated on the answer', async () => {
    const { server, device, cipherText } = await backedUp()
    const steps: string[] = []
    const at = (point: string) => void steps.push(point)
    const storage = watchedStore(memoryStore(), at)
    const transport = watchedTransport(server, at)
    await provisionWallet(device('laptop', { storage, transport }), { cipherText, method })
    expect(steps.slice(steps.indexOf('after POST /v1/operations/:id/rounds/2'))).toEqual([
      'after POST /v1/operations/:id/rounds/2',
      'before write share',
      'after write share',
      'before write ot',
      'after write ot',
      'before write wallet',
      'after write wallet',
      'before POST /v1/operations/:id/rounds/3',
      'after POST /v1/operations/:id/rounds/3',
      'before write wallet',
      'after write wallet',
    ])
  })

  test('that is replaced is deleted only after its successor has proven itself', async () => {
    const { server, storage, walletId, device } = await backedUp()
    const steps: string[] = []
    const at = (point: string) => void steps.push(point)
    const watched = watchedStore(storage, at)
    await refreshShares(device('phone', { storage: watched, transport: watchedTransport(server, at) }), { walletId })
    const deleted = steps.indexOf('before delete share')
    expect(deleted).toBeGreaterThan(steps.lastIndexOf('after POST /v1/operations/:id/rounds/2'))
    expect(steps.slice(0, deleted).at(-1)).toBe('after write wallet')
  })

  test('is never overwritten', async () => {
    const { server, walletId } = await backedUp()
    const storage = memoryStore()
    const versions: (string | null)[] = []
    const strict: ShareStore = {
      ...storage,
      write: (key, value, version) => {
        if (key.startsWith('share/')) versions.push(version)
        return storage.write(key, value, version)
      },
    }
    const { device } = stage()
    const phone = device('phone', { storage: strict, transport: server, random: seededRandom('another') })
    const wallet = await generateWallet(phone)
    await refreshShares(phone, { walletId: wallet.id })
    expect(wallet.id).not.toBe(walletId)
    expect(versions).toEqual([null, null])
  })

  test('that is damaged anywhere is refused, and not used', async () => {
    const { server, storage, phone, wallet, walletId } = await backedUp()
    const key = `share/${wallet.setId}`
    const good = (await storage.read(key))!.value
    const random = seededRandom('damage')
    server.log.length = 0
    for (let i = 0; i < 40; i++) {
      const bad = good.slice()
      bad[random.int(0, bad.length - 1)]! ^= 1 << random.int(0, 7)
      await replace(storage, key, bad)
      const refusal = await signs(phone, walletId).catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(MpcError)
      expect(['SHARE_PARSING_FAILED', 'SET_MISMATCH']).toContain((refusal as MpcError).code)
    }
    for (const bad of [new Uint8Array(), good.subarray(0, -1), new Uint8Array([...good, 0])]) {
      await replace(storage, key, bad)
      await expect(signs(phone, walletId)).rejects.toEqual(code('SHARE_PARSING_FAILED'))
    }
    expect(server.log).toEqual([])
    await replace(storage, key, good)
    await signs(phone, walletId)
  })

  test('of another wallet or set is refused before any message', async () => {
    const { server, storage, phone, wallet, walletId, cipherText } = await backedUp()
    const other = await generateWallet(phone)
    const second = await provisionWallet(phone, { cipherText, method })
    server.log.length = 0
    for (const foreign of [other.setId, wallet.setId]) {
      await replace(storage, `share/${second.setId}`, (await storage.read(`share/${foreign}`))!.value)
      await expect(signs(phone, walletId)).rejects.toEqual(code('SET_MISMATCH'))
    }
    expect(server.log).toEqual([])
  })

  test('that is gone is not found, with the advice to recover', async () => {
    const { storage, phone, wallet, walletId } = await backedUp()
    await storage.delete(`share/${wallet.setId}`)
    await expect(signs(phone, walletId)).rejects.toMatchObject({
      code: 'SHARE_NOT_FOUND',
      message: expect.stringContaining('recover'),
    })
    await storage.delete(`wallet/${walletId}`)
    await expect(getWallet(phone, { walletId })).rejects.toEqual(code('SHARE_NOT_FOUND'))
  })
})

test('a record that another tab changes at the same time loses no change', async () => {
  const { device, storage, walletId, cipherText } = await backedUp()
  const tabs = [device('a', { storage }), device('b', { storage }), device('c', { storage })]
  const wallets = await Promise.all(tabs.map((tab) => provisionWallet(tab, { cipherText, method })))
  for (const { setId } of wallets) expect(await storage.read(`share/${setId}`)).toBeDefined()
  const { setId } = await getWallet(tabs[0]!, { walletId })
  expect(wallets.map((wallet) => wallet.setId)).toContain(setId)
  await Promise.all(tabs.map((tab) => signs(tab, walletId)))
})
