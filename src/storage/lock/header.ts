import { hkdf } from '../../symmetric/hkdf.ts'
import { xchacha20poly1305 } from '../../symmetric/chacha20-poly1305.ts'
import { utf8, wipe } from '../../util/bytes.ts'
import { Reader, Writer } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import { systemRandom } from '../../util/random.ts'
import { ID_LENGTH, type SealingKey } from '../sealed/record.ts'

const VERSION = 1
const KEY_LENGTH = 32
const SALT_LENGTH = 32
const NONCE_LENGTH = 24

/**
 * Makes a key that seals records, and its header: the key, sealed under what the lock gives.
 *
 * @param secret what the lock gives
 */
export function makeKey(secret: Uint8Array): { readonly sealingKey: SealingKey; readonly header: Uint8Array } {
  const id = systemRandom(ID_LENGTH)
  const key = hedgedRandom(systemRandom, 'store key', secret, id)(KEY_LENGTH)
  const sealingKey = { id, key }
  return { sealingKey, header: wrapKey(sealingKey, secret) }
}

/**
 * Seals a key under what a lock gives:
 * `version u8 = 1 | key id 16 | salt 32 | nonce 24 | XChaCha20-Poly1305 of the key 48`
 */
export function wrapKey({ id, key }: SealingKey, secret: Uint8Array): Uint8Array {
  const salt = systemRandom(SALT_LENGTH)
  const wrappingKey = deriveKey(secret, salt)
  const about = associatedData(id)
  try {
    const nonce = hedgedRandom(systemRandom, 'seal nonce', wrappingKey, about, key)(NONCE_LENGTH)
    const wrapped = xchacha20poly1305(wrappingKey, nonce, about).encrypt(key)
    return new Writer().u8(VERSION).bytes(id).bytes(salt).bytes(nonce).bytes(wrapped).finish()
  } finally {
    wipe(wrappingKey)
  }
}

/** Opens a header with what a lock gives. Undefined if it is of another lock, or damaged: nobody can tell the two apart. */
export function unwrapKey(header: Uint8Array, secret: Uint8Array): SealingKey | undefined {
  let wrappingKey: Uint8Array | undefined
  try {
    const reader = new Reader(header)
    if (reader.u8() !== VERSION) return undefined
    const id = reader.bytes(ID_LENGTH)
    wrappingKey = deriveKey(secret, reader.bytes(SALT_LENGTH))
    const nonce = reader.bytes(NONCE_LENGTH)
    const wrapped = reader.bytes(reader.remaining)
    return { id, key: xchacha20poly1305(wrappingKey, nonce, associatedData(id)).decrypt(wrapped) }
  } catch {
    return undefined
  } finally {
    wipe(wrappingKey)
  }
}

function deriveKey(secret: Uint8Array, salt: Uint8Array): Uint8Array {
  return hkdf(secret, salt, utf8('reshare/v1/device-lock/key'), KEY_LENGTH)
}

function associatedData(id: Uint8Array): Uint8Array {
  return new Writer().prefixed(utf8('reshare/v1/device-lock/header')).bytes(id).finish()
}
