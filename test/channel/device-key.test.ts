import { describe, expect, test } from 'vitest'
import { DEVICE_KEY_ROW, loadDeviceKey } from '../../src/channel/device-key.ts'
import { deviceId } from '../../src/channel/index.ts'
import { MpcError } from '../../src/errors.ts'
import { keyPairOf } from '../../src/hpke/x25519.ts'
import { memoryStore, type ShareStore } from '../../src/storage/index.ts'
import { toHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()

test('the key is made once, and the id is its public key', async () => {
  const storage = memoryStore()
  const id = await deviceId(storage)
  expect(id).toMatch(/^[0-9a-f]{64}$/)
  const { secretKey, publicKey } = await loadDeviceKey(storage, random)
  expect(keyPairOf(secretKey).publicKey).toEqual(publicKey)
  expect(toHex(publicKey)).toBe(id)
  expect(await deviceId(storage)).toBe(id)
  expect(await storage.list('')).toEqual([DEVICE_KEY_ROW])
  expect(await deviceId(memoryStore())).not.toBe(id)
})

test('of tabs that make one at once all get the one that was stored', async () => {
  const storage = memoryStore()
  const ids = await Promise.all(Array.from({ length: 4 }, () => deviceId(storage)))
  expect(new Set(ids).size).toBe(1)
  expect(await deviceId(storage)).toBe(ids[0])
})

test('nothing drawn for it is left behind', async () => {
  const drawn: Uint8Array[] = []
  await loadDeviceKey(memoryStore(), (length) => {
    const bytes = random(length)
    drawn.push(bytes)
    return bytes
  })
  expect(drawn).toEqual([new Uint8Array(32)])
})

describe('a damaged row', () => {
  /** The store's device is a new one, and stays it. */
  async function expectNewDevice(storage: ShareStore, before?: string): Promise<void> {
    const id = await deviceId(storage)
    expect(id).not.toBe(before)
    expect(await deviceId(storage)).toBe(id)
  }

  test.each([0, 31, 32, 63, 65])('of %i bytes makes a new device', async (length) => {
    const storage = memoryStore()
    await storage.write(DEVICE_KEY_ROW, random(length), null)
    await expectNewDevice(storage)
  })

  test.each([0, 31, 32, 63])('whose byte %i was changed makes a new device', async (at) => {
    const storage = memoryStore()
    const before = await deviceId(storage)
    const stored = (await storage.read(DEVICE_KEY_ROW))!
    // The clamped bits of a secret key do not count.
    stored.value[at]! ^= 0x18
    await storage.write(DEVICE_KEY_ROW, stored.value, stored.version)
    await expectNewDevice(storage, before)
  })

  test('that the store itself finds damaged makes a new device', async () => {
    const inner = memoryStore()
    const before = await deviceId(inner)
    let damaged = true
    const storage: ShareStore = {
      ...inner,
      read: async (key) => {
        if (damaged) throw new MpcError('SHARE_PARSING_FAILED', 'damaged')
        return inner.read(key)
      },
      delete: async (key) => {
        damaged = false
        await inner.delete(key)
      },
    }
    await expectNewDevice(storage, before)
  })

  test('gives two tabs the same new device', async () => {
    const storage = memoryStore()
    await storage.write(DEVICE_KEY_ROW, random(65), null)
    const [a, b] = await Promise.all([deviceId(storage), deviceId(storage)])
    expect(a).toBe(b)
  })
})

test.each<[string, (good: ShareStore) => Partial<ShareStore>, string]>([
  ['is full', () => ({ write: () => Promise.reject(new MpcError('STORAGE_FULL', 'full')) }), 'STORAGE_FULL'],
  ['forgets', () => ({ write: async () => '1' }), 'STORAGE_UNAVAILABLE'],
  [
    'cannot be read',
    () => ({ read: () => Promise.reject(new MpcError('STORAGE_UNAVAILABLE', 'no')) }),
    'STORAGE_UNAVAILABLE',
  ],
])('a store that %s gives no device', async (_, breaks, code) => {
  const storage = memoryStore()
  await expect(deviceId({ ...storage, ...breaks(storage) })).rejects.toMatchObject({ code })
})
