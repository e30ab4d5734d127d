import { hkdf } from '../../symmetric/hkdf.ts'
import { agree, BASE_POINT, stableKeyPair } from '../../hpke/agree.ts'
import { agreeOnce, generateKeyPair, X25519_LENGTH } from '../../hpke/x25519.ts'
import { decodeBech32, encodeBech32 } from '../../util/bech32.ts'
import { concatBytes, utf8, wipe } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import { corrupt } from '../failures.ts'
import { encodeArgument } from '../stanza.ts'
import type { AgeCryptoKey, AgeIdentityCode } from '../types.ts'
import { firstFileKey, onlyArgument, unwrapFileKey, wrapFileKey } from './file-key.ts'
import type { AgeKeyKind } from './kind.ts'

const STANZA = 'X25519'
const LABEL = utf8('age-encryption.org/v1/X25519')

/** The X25519 keys of age (C2SP age v1, "The X25519 recipient type"). */
export const x25519: AgeKeyKind = {
  recipientPrefix: 'age1',
  identityPrefix: 'AGE-SECRET-KEY-1',

  generate() {
    const secretKey = systemRandom(X25519_LENGTH)
    try {
      return encodeBech32('age-secret-key-', secretKey).toUpperCase()
    } finally {
      wipe(secretKey)
    }
  },

  async toRecipient(identity) {
    const secretKey = decodeKey('age-secret-key-', identity)
    try {
      return encodeRecipient((await stableKeyPair(secretKey)).publicKey)
    } finally {
      wipe(secretKey)
    }
  },

  recipient(text) {
    const publicKey = decodeKey('age', text)
    if (isSmall(publicKey)) throw new TypeError('it is not an age key')
    return {
      text,
      wrapFileKey(fileKey) {
        const ephemeral = generateKeyPair(systemRandom)
        const key = wrappingKey(agreeOnce(ephemeral.secretKey, publicKey), ephemeral.publicKey, publicKey)
        try {
          return [{ args: [STANZA, encodeArgument(ephemeral.publicKey)], body: wrapFileKey(key, fileKey) }]
        } finally {
          wipe(ephemeral.secretKey, key)
        }
      },
    }
  },

  identity(text) {
    wipe(decodeKey('age-secret-key-', text))
    return {
      async unwrapFileKey(stanzas) {
        // Only while it is used: the text cannot be wiped, but need not have company.
        const secretKey = decodeKey('age-secret-key-', text)
        try {
          return await unwrap(stanzas, (publicKey) => agree(secretKey, publicKey))
        } finally {
          wipe(secretKey)
        }
      },
    }
  },
}

/** An identity whose secret key WebCrypto holds. */
export function cryptoKeyIdentity(key: AgeCryptoKey): AgeIdentityCode {
  return { unwrapFileKey: (stanzas) => unwrap(stanzas, (publicKey) => agreeByCryptoKey(key, publicKey)) }
}

/** The recipient of a secret key that WebCrypto holds. */
export async function cryptoKeyRecipient(key: AgeCryptoKey): Promise<string> {
  return encodeRecipient(await agreeByCryptoKey(key, BASE_POINT))
}

/** @param agreeWith X25519 with the secret key, of a public key that is not of small order */
async function unwrap(
  stanzas: Parameters<AgeIdentityCode['unwrapFileKey']>[0],
  agreeWith: (publicKey: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array | null> {
  let own: Uint8Array | undefined
  return firstFileKey(STANZA, stanzas, async (stanza) => {
    const share = onlyArgument(stanza, X25519_LENGTH)
    if (isSmall(share)) throw corrupt('an X25519 stanza of it has a share of small order')
    own ??= await agreeWith(BASE_POINT)
    const key = wrappingKey(await agreeWith(share), share, own)
    try {
      return unwrapFileKey(key, stanza.body)
    } finally {
      wipe(key)
    }
  })
}

/** @param shared secret; it is wiped */
function wrappingKey(shared: Uint8Array, share: Uint8Array, recipient: Uint8Array): Uint8Array {
  try {
    return hkdf(shared, concatBytes(share, recipient), LABEL, 32)
  } finally {
    wipe(shared)
  }
}

async function agreeByCryptoKey(key: AgeCryptoKey, publicKey: Uint8Array): Promise<Uint8Array> {
  const { subtle } = globalThis.crypto
  const other = await subtle.importKey('raw', publicKey as Uint8Array<ArrayBuffer>, 'X25519', false, [])
  const algorithm = { name: 'X25519', public: other }
  return new Uint8Array(await subtle.deriveBits(algorithm, key as CryptoKey, 8 * X25519_LENGTH))
}

/** Whether every secret key gives zeros with a public key, so that anybody could open what is sealed for it. */
function isSmall(publicKey: Uint8Array): boolean {
  try {
    agreeOnce(BASE_POINT, publicKey)
    return false
  } catch {
    return true
  }
}

function encodeRecipient(publicKey: Uint8Array): string {
  return encodeBech32('age', publicKey)
}

/** @throws {TypeError} if it is not a key of this kind; the message does not repeat it */
function decodeKey(prefix: string, text: string): Uint8Array {
  const bytes = decodeBech32(prefix, text)
  const isUpper = prefix !== 'age'
  if (bytes.length !== X25519_LENGTH || (text === text.toUpperCase()) !== isUpper) {
    wipe(bytes)
    throw new TypeError('it is not an age key')
  }
  return bytes
}
