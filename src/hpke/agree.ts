import { concatBytes, equalBytes, wipe } from '../util/bytes.ts'
import { agreeOnce, assertLive, type HpkeKeyPair, keyPairOf, X25519_LENGTH } from './x25519.ts'

/** The bytes before the key in the PKCS #8 encoding of an X25519 secret key (RFC 8410 §7). */
const PKCS8_PREFIX = Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20])

/** The base point (RFC 7748 §4.1). Not to be changed. */
export const BASE_POINT: Uint8Array = new Uint8Array(X25519_LENGTH)
BASE_POINT[0] = 9

/**
 * X25519 (RFC 7748 §5) for secret keys that are used many times. It uses the platform's implementation, which is constant
 * time, if there is one. Otherwise it uses \@noble/curves, whose time depends on the secret key.
 *
 * @throws {CodecError} if the result is all zero, as RFC 9180 §7.1.4 demands: the public key is of small order
 * @throws {TypeError} if the secret key was wiped
 */
export async function agree(secretKey: Uint8Array, publicKey: Uint8Array): Promise<Uint8Array> {
  assertLive(secretKey)
  // The implementation is chosen once, by a probe. If a failure chose it, a peer could send a public key that the platform
  // refuses, and so have the secret key used in variable time.
  platformAgrees ??= probePlatform()
  if (!(await platformAgrees)) return agreeOnce(secretKey, publicKey)
  try {
    // The platform also rejects an all-zero result (W3C Web Cryptography, X25519, Derive Bits).
    return await agreeByPlatform(secretKey, publicKey)
  } catch (cause) {
    // Finds out with a public scalar whether the public key was the cause, and throws a CodecError if so.
    agreeOnce(BASE_POINT, publicKey)
    throw cause
  }
}

/** The key pair of a secret key that is used many times. The secret key is not copied. */
export async function stableKeyPair(secretKey: Uint8Array): Promise<HpkeKeyPair> {
  return { secretKey, publicKey: await agree(secretKey, BASE_POINT) }
}

let platformAgrees: Promise<boolean> | undefined

/** Whether the platform has a correct X25519: it computes an example, and rejects a public key of small order. */
async function probePlatform(): Promise<boolean> {
  try {
    const shared = await agreeByPlatform(BASE_POINT, BASE_POINT)
    if (!equalBytes(shared, keyPairOf(BASE_POINT).publicKey)) return false
  } catch {
    return false
  }
  return agreeByPlatform(BASE_POINT, new Uint8Array(X25519_LENGTH)).then(
    () => false,
    () => true,
  )
}

async function agreeByPlatform(secretKey: Uint8Array, publicKey: Uint8Array): Promise<Uint8Array> {
  const encoded = concatBytes(PKCS8_PREFIX, secretKey)
  // Sets a bit that X25519 ignores (RFC 7748 §5), since WebKitGTK rejects secret keys that start with a zero.
  encoded[PKCS8_PREFIX.length]! |= 1
  try {
    // `subtle` is missing outside secure contexts, and in some runtimes other than browsers.
    const { subtle } = globalThis.crypto
    const own = await subtle.importKey('pkcs8', encoded as Uint8Array<ArrayBuffer>, 'X25519', false, ['deriveBits'])
    const other = await subtle.importKey('raw', publicKey as Uint8Array<ArrayBuffer>, 'X25519', false, [])
    return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: other }, own, 8 * X25519_LENGTH))
  } finally {
    wipe(encoded)
  }
}
