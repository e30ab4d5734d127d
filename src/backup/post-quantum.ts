import { ml_kem768_x25519 as xWing } from '@noble/post-quantum/hybrid.js'
import { labeledExpand, labeledExtract } from '../hpke/key-schedule.ts'
import { decodeBech32, encodeBech32 } from '../util/bech32.ts'
import { concatBytes, utf8, wipe } from '../util/bytes.ts'
import { systemRandom } from '../util/random.ts'
import { firstFileKey, onlyArgument, unwrapFileKey, wrapFileKey } from './age-keys/file-key.ts'
import type { AgeKeyKind } from './age-keys/kind.ts'
import { corrupt } from './failures.ts'
import { encodeArgument } from './stanza.ts'

export type { AgeKeyKind } from './age-keys/kind.ts'

const STANZA = 'mlkem768x25519'
const INFO = utf8('age-encryption.org/mlkem768x25519')
const SEED_LENGTH = 32
const PUBLIC_KEY_LENGTH = 1216
const CIPHERTEXT_LENGTH = 1120

/** KEM 0x647a, HKDF-SHA256, ChaCha20-Poly1305. */
const SUITE = concatBytes(utf8('HPKE'), Uint8Array.of(0x64, 0x7a, 0, 1, 0, 3))
const EMPTY = new Uint8Array(0)

/**
 * age's hybrid keys, `age1pq1…` and `AGE-SECRET-KEY-PQ-1…`: X25519 together with ML-KEM-768, against quantum computers to
 * come (HPKE with MLKEM768-X25519). They need the package \@noble/post-quantum.
 *
 * @example
 * const method = cloudKey({ provider: 'GDRIVE', storage: myDrive('acme'), kind: hybrid })
 */
export const hybrid: AgeKeyKind = {
  recipientPrefix: 'age1pq1',
  identityPrefix: 'AGE-SECRET-KEY-PQ-1',

  generate() {
    const seed = systemRandom(SEED_LENGTH)
    try {
      return encodeBech32('age-secret-key-pq-', seed).toUpperCase()
    } finally {
      wipe(seed)
    }
  },

  async toRecipient(identity) {
    const seed = decode('age-secret-key-pq-', identity, SEED_LENGTH)
    try {
      return encodeBech32('age1pq', xWing.getPublicKey(seed))
    } finally {
      wipe(seed)
    }
  },

  recipient(text) {
    const publicKey = decode('age1pq', text, PUBLIC_KEY_LENGTH)
    return {
      text,
      wrapFileKey(fileKey) {
        const coins = systemRandom(2 * SEED_LENGTH)
        const { cipherText, sharedSecret } = xWing.encapsulate(publicKey, coins)
        const { key, nonce } = wrappingKey(sharedSecret)
        try {
          return [{ args: [STANZA, encodeArgument(cipherText)], body: wrapFileKey(key, fileKey, nonce) }]
        } finally {
          wipe(coins, key)
        }
      },
    }
  },

  identity(text) {
    wipe(decode('age-secret-key-pq-', text, SEED_LENGTH))
    return {
      async unwrapFileKey(stanzas) {
        const seed = decode('age-secret-key-pq-', text, SEED_LENGTH)
        try {
          return await firstFileKey(STANZA, stanzas, (stanza) => {
            const cipherText = onlyArgument(stanza, CIPHERTEXT_LENGTH)
            const { key, nonce } = wrappingKey(decapsulate(cipherText, seed))
            try {
              return unwrapFileKey(key, stanza.body, nonce)
            } finally {
              wipe(key)
            }
          })
        } finally {
          wipe(seed)
        }
      },
    }
  },
}

/** @throws {BACKUP_CORRUPT} if the share of X25519 is of small order */
function decapsulate(cipherText: Uint8Array, seed: Uint8Array): Uint8Array {
  try {
    return xWing.decapsulate(cipherText, seed)
  } catch (cause) {
    throw corrupt('its stanza mlkem768x25519 is malformed', cause)
  }
}

/**
 * Key and nonce of HPKE in mode base (RFC 9180 §5.1).
 *
 * @param shared secret; it is wiped
 */
function wrappingKey(shared: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const pskIdHash = labeledExtract(SUITE, EMPTY, 'psk_id_hash', EMPTY)
  const infoHash = labeledExtract(SUITE, EMPTY, 'info_hash', INFO)
  const context = concatBytes(Uint8Array.of(0), pskIdHash, infoHash)
  const secret = labeledExtract(SUITE, shared, 'secret', EMPTY)
  try {
    return {
      key: labeledExpand(SUITE, secret, 'key', context, 32),
      nonce: labeledExpand(SUITE, secret, 'base_nonce', context, 12),
    }
  } finally {
    wipe(shared, secret)
  }
}

/** @throws {TypeError} if it is not a key of this kind; the message does not repeat it */
function decode(prefix: string, text: string, length: number): Uint8Array {
  const bytes = decodeBech32(prefix, text)
  if (bytes.length === length) return bytes
  wipe(bytes)
  throw new TypeError('it is not a hybrid age key')
}
