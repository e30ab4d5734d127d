import { concatBytes, equalBytes, wipe } from '../util/bytes.ts'
import { agreeOnce, assertLive, type HpkeKeyPair, keyPairOf, X25519_LENGTH } from './x25519.ts'

/** RFC 8410 §7: what a PKCS #8 encoding of an X25519 secret key has before the key. */
const PKCS8_PREFIX = Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20])

/** RFC 7748 §4.1: the base point. */
const BASE_POINT = new Uint8Array(X25519_LENGTH)
BASE_POINT[0] = 9

/**
 * X25519 (RFC 7748 §5) for keys that are used many times: by the platform, whose own is constant time, where it has one.
 * Elsewhere by @noble/curves, whose time depends on the secret key.
 *
 * @throws {CodecError} if the result is all zero, as RFC 9180 §7.1.4 demands: the public key is of small order
 * @throws {TypeError} if the secret key was wiped
 */
export async function agree(secretKey: Uint8Array, publicKey: Uint8Array): Promise<Uint8Array> {
  assertLive(secretKey)
  // Decided once, and not by trying: else a public key that the platform refuses would choose the way of a secret key.
  platformAgrees ??= probePlatform()
  if (!(await platformAgrees)) return agreeOnce(secretKey, publicKey)
  try {
    // Refuses the all-zero result too (W3C Web Cryptography, X25519 Derive Bits).
    return await agreeByPlatform(secretKey, publicKey)
  } catch (cause) {
    // By a scalar that is no secret: whether it was for the public key.
    agreeOnce(BASE_POINT, publicKey)
    throw cause
  }
}

/** The key pair of a secret key that is used many times. */
export async function stableKeyPair(secretKey: Uint8Array): Promise<HpkeKeyPair> {
  return { secretKey, publicKey: await agree(secretKey, BASE_POINT) }
}

let platformAgrees: Promise<boolean> | undefined

/** Whether the platform has X25519 as it should be: by an example, and by what it must refuse. */
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
  // A bit that X25519 ignores (RFC 7748 §5): WebKitGTK refuses secret keys that start with a zero.
  encoded[PKCS8_PREFIX.length]! |= 1
  try {
    // Absent outside secure contexts, and in some runtimes that are no browser.
    const { subtle } = globalThis.crypto
    const own = await subtle.importKey('pkcs8', encoded as Uint8Array<ArrayBuffer>, 'X25519', false, ['deriveBits'])
    const other = await subtle.importKey('raw', publicKey as Uint8Array<ArrayBuffer>, 'X25519', false, [])
    return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: other }, own, 8 * X25519_LENGTH))
  } finally {
    wipe(encoded)
  }
}
