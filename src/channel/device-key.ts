import { stableKeyPair } from '../hpke/agree.ts'
import { X25519_LENGTH, type HpkeKeyPair } from '../hpke/x25519.ts'
import { MpcError, isMpcError } from '../errors.ts'
import type { ShareStore, StoredValue } from '../storage/types.ts'
import { abytes, concatBytes, equalBytes, toHex, wipe } from '../util/bytes.ts'
import { systemRandom, type RandomSource } from '../util/random.ts'
import { assertMethods } from '../util/arguments.ts'

/** The row that holds the device key: `secret key[32] | public key[32]`. Whoever empties the store makes a new device. */
export const DEVICE_KEY_ROW = 'device-key'

/**
 * The name of this device to the server: the public key of its device key, 64 hex digits. Makes the key if the store
 * has none yet, or a damaged one.
 *
 * @param storage where the client keeps its shares
 * @throws {TypeError} if it is no share store
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL} if the key could not be stored
 */
export async function deviceId(storage: ShareStore): Promise<string> {
  assertMethods(storage, ['read', 'write', 'delete'], 'storage')
  const { secretKey, publicKey } = await loadDeviceKey(storage, systemRandom)
  wipe(secretKey)
  return toHex(publicKey)
}

/**
 * The device's key pair, made at the first use and never again: of two tabs that make one at once, both get the one
 * that was stored first. Where the stored one is damaged, nothing can bring it back, and a new one makes this a new
 * device: the sets of the old one no longer sign here, and the wallets are recovered.
 *
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL} if it could not be stored
 */
export async function loadDeviceKey(storage: ShareStore, random: RandomSource): Promise<HpkeKeyPair> {
  const found = await readDeviceKey(storage)
  return found.pair ?? (await makeDeviceKey(storage, random, found.version))
}

/** The stored key pair, if there is a whole one, and the version of what is there. */
async function readDeviceKey(storage: ShareStore): Promise<{ pair?: HpkeKeyPair; version: string | null }> {
  const stored = await readRow(storage)
  if (stored === undefined) return { version: null }
  const { version } = stored
  const value = abytes(stored.value, undefined, 'a stored value')
  const secretKey = value.slice(0, X25519_LENGTH)
  const publicKey = value.slice(X25519_LENGTH)
  wipe(value)
  if (secretKey.length === X25519_LENGTH && equalBytes((await stableKeyPair(secretKey)).publicKey, publicKey)) {
    return { pair: { secretKey, publicKey }, version }
  }
  wipe(secretKey)
  return { version }
}

/** The row; one that the store finds damaged is deleted. */
async function readRow(storage: ShareStore): Promise<StoredValue | undefined> {
  try {
    return await storage.read(DEVICE_KEY_ROW)
  } catch (error) {
    if (!isMpcError(error, 'SHARE_PARSING_FAILED')) throw error
    await storage.delete(DEVICE_KEY_ROW)
    return undefined
  }
}

async function makeDeviceKey(
  storage: ShareStore,
  random: RandomSource,
  damagedVersion: string | null,
): Promise<HpkeKeyPair> {
  const made = await stableKeyPair(random(X25519_LENGTH))
  const row = concatBytes(made.secretKey, made.publicKey)
  try {
    await storage.write(DEVICE_KEY_ROW, row, damagedVersion)
  } catch (error) {
    if (!isMpcError(error, 'STORAGE_CONFLICT')) throw error
  } finally {
    wipe(row, made.secretKey)
  }
  // What the server will know this device by has to be what the store gives from now on.
  const { pair } = await readDeviceKey(storage)
  if (pair !== undefined) return pair
  throw new MpcError('STORAGE_UNAVAILABLE', 'the store did not give back the device key that was written')
}
