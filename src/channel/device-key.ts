import { stableKeyPair } from '../hpke/agree.ts'
import { X25519_LENGTH, type HpkeKeyPair } from '../hpke/x25519.ts'
import { MpcError, isMpcError } from '../errors.ts'
import type { ShareStore } from '../storage/types.ts'
import { concatBytes, equalBytes, toHex, wipe } from '../util/bytes.ts'
import { systemRandom, type RandomSource } from '../util/random.ts'

/** The row that holds the device key: `secret key[32] | public key[32]`. Whoever empties the store makes a new device. */
export const DEVICE_KEY_ROW = 'device-key'

/**
 * The name of this device to the server: the public key of its device key, 64 hex digits. Makes the key if the store
 * has none yet.
 *
 * @param storage where the client keeps its shares
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL} if the key could not be stored, or what is stored is damaged
 */
export async function deviceId(storage: ShareStore): Promise<string> {
  const { secretKey, publicKey } = await loadDeviceKey(storage, systemRandom)
  wipe(secretKey)
  return toHex(publicKey)
}

/**
 * The device's key pair, made at the first use and never again: of two tabs that make one at once, both get the one
 * that was stored first.
 *
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL} if it could not be stored, or what is stored is damaged
 */
export async function loadDeviceKey(storage: ShareStore, random: RandomSource): Promise<HpkeKeyPair> {
  return (await readDeviceKey(storage)) ?? (await makeDeviceKey(storage, random))
}

async function readDeviceKey(storage: ShareStore): Promise<HpkeKeyPair | undefined> {
  const stored = await storage.read(DEVICE_KEY_ROW)
  if (stored === undefined) return undefined
  const secretKey = new Uint8Array(stored.value.subarray(0, X25519_LENGTH))
  const publicKey = new Uint8Array(stored.value.subarray(X25519_LENGTH))
  wipe(stored.value)
  if (secretKey.length === X25519_LENGTH && equalBytes((await stableKeyPair(secretKey)).publicKey, publicKey)) {
    return { secretKey, publicKey }
  }
  wipe(secretKey)
  throw new MpcError('STORAGE_UNAVAILABLE', 'the device key in this store is damaged; delete its row and recover', {
    retryable: false,
  })
}

async function makeDeviceKey(storage: ShareStore, random: RandomSource): Promise<HpkeKeyPair> {
  const made = await stableKeyPair(random(X25519_LENGTH))
  const row = concatBytes(made.secretKey, made.publicKey)
  try {
    await storage.write(DEVICE_KEY_ROW, row, null)
  } catch (error) {
    if (!isMpcError(error, 'STORAGE_CONFLICT')) throw error
  } finally {
    wipe(row, made.secretKey)
  }
  // What the server will know this device by has to be what the store gives from now on.
  const stored = await readDeviceKey(storage)
  if (stored !== undefined) return stored
  throw new MpcError('STORAGE_UNAVAILABLE', 'the store did not give back the device key that was written')
}
