import { stableKeyPair } from '../hpke/agree.ts'
import { X25519_LENGTH, type HpkeKeyPair } from '../hpke/x25519.ts'
import { MpcError, isMpcError } from '../errors.ts'
import type { ShareStore, StoreCallOptions, StoredValue } from '../storage/types.ts'
import { abytes, concatBytes, equalBytes, toHex, wipe } from '../util/bytes.ts'
import { systemRandom, type RandomSource } from '../util/random.ts'
import { assertMethods } from '../util/arguments.ts'

/** The row of the device key: `secret key[32] | public key[32]`. A device whose store was emptied is a new device. */
export const DEVICE_KEY_ROW = 'device-key'

/**
 * The id of this device, by which the server knows it: the public part of its device key, as 64 hex digits. Makes the key
 * if the store has none, or a damaged one.
 *
 * @param storage the client's share store
 * @throws {TypeError} if it is not a share store
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL} if the key could not be stored
 *
 * @example
 * const id = await deviceId(storage) // for example to find this device in a list of devices
 */
export async function deviceId(storage: ShareStore): Promise<string> {
  assertMethods(storage, ['read', 'write', 'delete'], 'storage')
  const { secretKey, publicKey } = await loadDeviceKey(storage, systemRandom)
  wipe(secretKey)
  return toHex(publicKey)
}

/**
 * The device's key pair. It is made at the first use. If two tabs make one at the same time, both get the one that was
 * stored first.
 *
 * A damaged key pair is lost: a new one is made, which makes this a new device. The sets of the old device no longer sign
 * here, and its wallets have to be recovered.
 *
 * @returns the caller wipes the secret key
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL} if it could not be stored, or the user does not unlock the store
 */
export async function loadDeviceKey(
  storage: ShareStore,
  random: RandomSource,
  options: StoreCallOptions = {},
): Promise<HpkeKeyPair> {
  const found = await readDeviceKey(storage, options)
  return found.pair ?? (await makeDeviceKey(storage, random, found.version, options))
}

/** The stored key pair if it is intact, and the version of the stored value. */
async function readDeviceKey(
  storage: ShareStore,
  options: StoreCallOptions,
): Promise<{ pair?: HpkeKeyPair; version: string | null }> {
  const stored = await readRow(storage, options)
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

/** Reads the row. Deletes it if the store finds it damaged. One that only a lost lock opens counts as absent. */
async function readRow(storage: ShareStore, options: StoreCallOptions): Promise<StoredValue | undefined> {
  try {
    return await storage.read(DEVICE_KEY_ROW, options)
  } catch (error) {
    if (isMpcError(error, 'SHARE_NOT_FOUND')) return undefined
    if (!isMpcError(error, 'SHARE_PARSING_FAILED')) throw error
    await storage.delete(DEVICE_KEY_ROW)
    return undefined
  }
}

async function makeDeviceKey(
  storage: ShareStore,
  random: RandomSource,
  damagedVersion: string | null,
  options: StoreCallOptions,
): Promise<HpkeKeyPair> {
  const made = await stableKeyPair(random(X25519_LENGTH))
  const row = concatBytes(made.secretKey, made.publicKey)
  try {
    await storage.write(DEVICE_KEY_ROW, row, damagedVersion, options)
  } catch (error) {
    if (!isMpcError(error, 'STORAGE_CONFLICT')) throw error
  } finally {
    wipe(row, made.secretKey)
  }
  // Read again: the server must know this device by the key that the store returns from now on.
  const { pair } = await readDeviceKey(storage, options)
  if (pair !== undefined) return pair
  throw new MpcError('STORAGE_UNAVAILABLE', 'the store did not give back the device key that was written')
}
