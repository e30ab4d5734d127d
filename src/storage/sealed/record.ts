import { xchacha20poly1305 } from '../../symmetric/chacha20-poly1305.ts'
import { equalBytes, toHex, utf8, wipe } from '../../util/bytes.ts'
import { Reader, Writer } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import { systemRandom } from '../../util/random.ts'
import { damaged } from '../failures.ts'

/** A key that seals records, and the name by which a record says which key sealed it. */
export interface SealingKey {
  /** 16 bytes, not secret */
  readonly id: Uint8Array
  /** 32 bytes */
  readonly key: Uint8Array
}

/** One sealed value. A record has one for each key that has sealed a value of this name. */
export interface Entry {
  readonly keyId: Uint8Array
  /** 16 bytes. Two writes never have the same. */
  readonly version: Uint8Array
  readonly nonce: Uint8Array
  /** XChaCha20-Poly1305, with its tag of 16 bytes */
  readonly ciphertext: Uint8Array
}

export const ID_LENGTH = 16
const NONCE_LENGTH = 24
const MAX_CIPHERTEXT = 2 ** 26

/** What every record begins with: it tells sealed values from those that were stored before there was a lock. */
const MAGIC = utf8('reshare/sealed-record/1\n')

/** Whether a stored value looks like a record, whole or damaged. */
export function isRecord(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)
}

/** `magic | count u16 | count × (key id 16 | version 16 | nonce 24 | length u32 | ciphertext and tag)` */
export function encodeRecord(entries: readonly Entry[]): Uint8Array {
  const writer = new Writer().bytes(MAGIC).u16(entries.length)
  for (const { keyId, version, nonce, ciphertext } of entries) {
    writer.bytes(keyId).bytes(version).bytes(nonce).prefixed(ciphertext)
  }
  return writer.finish()
}

/**
 * Reads what {@link encodeRecord} wrote.
 *
 * @throws {SHARE_PARSING_FAILED} for anything else
 */
export function decodeRecord(bytes: Uint8Array): Entry[] {
  let entries: Entry[]
  try {
    const reader = new Reader(bytes)
    if (!equalBytes(reader.bytes(MAGIC.length), MAGIC)) throw new RangeError('it is not a sealed record')
    entries = Array.from({ length: reader.u16() }, () => ({
      keyId: reader.bytes(ID_LENGTH),
      version: reader.bytes(ID_LENGTH),
      nonce: reader.bytes(NONCE_LENGTH),
      ciphertext: reader.prefixed(MAX_CIPHERTEXT),
    }))
    reader.end()
  } catch (cause) {
    throw damaged('a sealed value in this store is damaged', cause)
  }
  const ids = new Set(entries.map(({ keyId }) => toHex(keyId)))
  if (entries.length === 0 || ids.size !== entries.length) throw damaged('a sealed value in this store is damaged')
  return entries
}

/**
 * Seals a value under a fresh version. The store's key and the version are associated data, so that it opens nowhere else.
 *
 * The nonce also depends on the key, the value and where it is stored: if the random source repeats, a repeated nonce only
 * seals the same value again.
 */
export function sealEntry({ id, key }: SealingKey, name: string, value: Uint8Array): Entry {
  const version = systemRandom(ID_LENGTH)
  const about = associatedData(id, version, name)
  const nonce = hedgedRandom(systemRandom, 'seal nonce', key, about, value)(NONCE_LENGTH)
  return { keyId: id, version, nonce, ciphertext: xchacha20poly1305(key, nonce, about).encrypt(value) }
}

/** Opens an entry of this key. @throws {SHARE_PARSING_FAILED} if it is damaged, or of another name */
export function openEntry({ id, key }: SealingKey, name: string, { version, nonce, ciphertext }: Entry): Uint8Array {
  try {
    return xchacha20poly1305(key, nonce, associatedData(id, version, name)).decrypt(ciphertext)
  } catch (cause) {
    throw damaged('a sealed value in this store is damaged, or belongs to another key', cause)
  }
}

/** Wipes keys after use. */
export function wipeKeys(keys: readonly SealingKey[]): void {
  wipe(...keys.map(({ key }) => key))
}

function associatedData(id: Uint8Array, version: Uint8Array, name: string): Uint8Array {
  const writer = new Writer().prefixed(utf8('reshare/v1/sealed-record')).bytes(id).bytes(version)
  return writer.bytes(utf8(name)).finish()
}
