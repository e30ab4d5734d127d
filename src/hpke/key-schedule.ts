import { expand, extract } from '../symmetric/hkdf.ts'
import { chacha20poly1305 } from '../symmetric/chacha20-poly1305.ts'
import { concatBytes, utf8, wipe } from '../util/bytes.ts'
import { CodecError } from '../util/codec.ts'

// RFC 9180 with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305. A context seals one message.

/** The byte of each mode (RFC 9180 §5, Table 1). */
export const MODES = { base: 0, psk: 1, auth: 2, authPsk: 3 } as const

/** Length in bytes of the authentication tag at the end of a ciphertext. */
export const TAG_LENGTH = 16

/** Length in bytes of a key of ChaCha20-Poly1305. */
export const KEY_LENGTH = 32
/** Length in bytes of a nonce of ChaCha20-Poly1305. */
export const NONCE_LENGTH = 12

/** Least length in bytes of a pre-shared key. */
export const PSK_LENGTH = 32

const KEM_ID = [0x00, 0x20]
const KEM_SUITE = concatBytes(utf8('KEM'), Uint8Array.from(KEM_ID))
const HPKE_SUITE = concatBytes(utf8('HPKE'), Uint8Array.from([...KEM_ID, 0x00, 0x01, 0x00, 0x03]))
const VERSION = utf8('HPKE-v1')
const EMPTY = new Uint8Array()

/** An HPKE context, the same for sender and receiver. */
export interface HpkeContext {
  /** Encrypts the one message, with sequence number 0. @throws {TypeError} for a second message */
  seal(aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** Decrypts the one message. @throws {CodecError} if it was not sealed in this context with this associated data */
  open(aad: Uint8Array, ciphertext: Uint8Array): Uint8Array
  /** Exports a secret of `length` bytes for another use (RFC 9180 §5.3). The caller wipes it. */
  export(exporterContext: Uint8Array, length: number): Uint8Array
  /** Wipes the context's secrets. After that, all other methods throw a `TypeError`. */
  wipe(): void
}

/** A pre-shared key (RFC 9180 §5.1.2). */
export interface HpkePsk {
  /** 32 random bytes or more. Secret; the holder wipes it. */
  readonly psk: Uint8Array
  /** The name of the key. Not empty. */
  readonly id: Uint8Array
}

/**
 * Creates a context: ExtractAndExpand (RFC 9180 §4.1), then KeySchedule (§5.1).
 *
 * @param dh the Diffie-Hellman secret of the mode; the caller wipes it
 * @param kemContext the public keys that it was computed from, as RFC 9180 §4.1 concatenates them
 * @param psk the pre-shared key of the modes `psk` and `authPsk`; the caller wipes it
 * @throws {TypeError} if the mode takes a pre-shared key and there is none, or the other way round
 * @throws {RangeError} if the pre-shared key has fewer than 32 bytes (RFC 9180 §9.5), or no name
 */
// eslint-disable-next-line max-params -- as in RFC 9180 §5.1
export function openContext(
  mode: keyof typeof MODES,
  dh: Uint8Array,
  kemContext: Uint8Array,
  info: Uint8Array,
  psk?: HpkePsk,
): HpkeContext {
  assertPsk(mode, psk)
  const prk = labeledExtract(KEM_SUITE, EMPTY, 'eae_prk', dh)
  const shared = labeledExpand(KEM_SUITE, prk, 'shared_secret', kemContext, 32)
  const pskIdHash = labeledExtract(HPKE_SUITE, EMPTY, 'psk_id_hash', psk?.id ?? EMPTY)
  const infoHash = labeledExtract(HPKE_SUITE, EMPTY, 'info_hash', info)
  const context = concatBytes(Uint8Array.of(MODES[mode]), pskIdHash, infoHash)
  const secret = labeledExtract(HPKE_SUITE, shared, 'secret', psk?.psk ?? EMPTY)
  const key = labeledExpand(HPKE_SUITE, secret, 'key', context, KEY_LENGTH)
  const nonce = labeledExpand(HPKE_SUITE, secret, 'base_nonce', context, NONCE_LENGTH)
  const exporterSecret = labeledExpand(HPKE_SUITE, secret, 'exp', context, 32)
  wipe(prk, shared, secret)
  let isWiped = false
  let hasSealed = false
  const assertLive = (): void => {
    if (isWiped) throw new TypeError('the HPKE context was wiped')
  }
  return {
    seal(aad, plaintext) {
      assertLive()
      if (hasSealed) throw new TypeError('an HPKE context seals one message')
      hasSealed = true
      return chacha20poly1305(key, nonce, aad).encrypt(plaintext)
    },
    open(aad, ciphertext) {
      assertLive()
      return decrypt(key, nonce, aad, ciphertext)
    },
    export(exporterContext, length) {
      assertLive()
      return labeledExpand(HPKE_SUITE, exporterSecret, 'sec', exporterContext, length)
    },
    wipe() {
      isWiped = true
      wipe(key, exporterSecret)
    },
  }
}

/** VerifyPSKInputs (RFC 9180 §5.1). */
function assertPsk(mode: keyof typeof MODES, psk: HpkePsk | undefined): void {
  const takesPsk = mode === 'psk' || mode === 'authPsk'
  if (takesPsk !== (psk !== undefined)) throw new TypeError(`a pre-shared key does not fit mode ${mode}`)
  if (psk === undefined) return
  if (psk.psk.length < PSK_LENGTH) throw new RangeError(`a pre-shared key has at least ${PSK_LENGTH} bytes`)
  if (psk.id.length === 0) throw new RangeError('a pre-shared key has a name')
}

/** Decrypts with ChaCha20-Poly1305. @throws {CodecError} if it was not sealed with this key, nonce and associated data */
export function decrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  try {
    return chacha20poly1305(key, nonce, aad).decrypt(ciphertext)
  } catch {
    throw new CodecError('a sealed message does not open')
  }
}

/** LabeledExtract (RFC 9180 §4). */
export function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, input: Uint8Array): Uint8Array {
  const labeled = concatBytes(VERSION, suite, utf8(label), input)
  const prk = extract(labeled, salt)
  wipe(labeled)
  return prk
}

/** LabeledExpand (RFC 9180 §4). `length` is below 256. */
// eslint-disable-next-line max-params -- as in RFC 9180 §4
export function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return expand(prk, concatBytes(Uint8Array.of(0, length), VERSION, suite, utf8(label), info), length)
}
