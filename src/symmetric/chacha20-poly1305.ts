import { concatBytes, equalBytes, wipe } from '../util/bytes.ts'
import { poly1305 } from './poly1305.ts'

// ChaCha20-Poly1305 (RFC 8439) and XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). Neither branches nor indexes depend on what
// is secret, and no state with a key is left behind.

/** A cipher with a key and a nonce, for one message. */
export interface Aead {
  /** The ciphertext, and a tag of 16 bytes behind it. */
  encrypt(plaintext: Uint8Array): Uint8Array
  /** @throws {Error} if the tag does not fit */
  decrypt(ciphertext: Uint8Array): Uint8Array
}

const KEY = 32
const NONCE = 12
const LONG_NONCE = 24
const TAG = 16

/** The 16 bytes of `expand 32-byte k`, by which a state begins. */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]

/** Constants, a key, and 16 bytes of counter and nonce, as little-endian words. */
function stateOf(key: Uint8Array, last: Uint8Array): Int32Array {
  const state = new Int32Array(16)
  state.set(CONSTANTS)
  const words = (bytes: Uint8Array, to: number) =>
    bytes.forEach((byte, i) => (state[to + (i >> 2)]! |= byte << (8 * (i & 3))))
  words(key, 4)
  words(last, 12)
  return state
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** Twenty rounds, on the rows a, b, c and d of a state. */
// prettier-ignore
function permute(x: Int32Array): void {
  let a0 = x[0]!, a1 = x[1]!, a2 = x[2]!, a3 = x[3]!
  let b0 = x[4]!, b1 = x[5]!, b2 = x[6]!, b3 = x[7]!
  let c0 = x[8]!, c1 = x[9]!, c2 = x[10]!, c3 = x[11]!
  let d0 = x[12]!, d1 = x[13]!, d2 = x[14]!, d3 = x[15]!
  for (let round = 0; round < 10; round++) {
    // Columns, then diagonals.
    a0 = (a0 + b0) | 0; d0 = rotate(d0 ^ a0, 16); c0 = (c0 + d0) | 0; b0 = rotate(b0 ^ c0, 12)
    a0 = (a0 + b0) | 0; d0 = rotate(d0 ^ a0, 8); c0 = (c0 + d0) | 0; b0 = rotate(b0 ^ c0, 7)
    a1 = (a1 + b1) | 0; d1 = rotate(d1 ^ a1, 16); c1 = (c1 + d1) | 0; b1 = rotate(b1 ^ c1, 12)
    a1 = (a1 + b1) | 0; d1 = rotate(d1 ^ a1, 8); c1 = (c1 + d1) | 0; b1 = rotate(b1 ^ c1, 7)
    a2 = (a2 + b2) | 0; d2 = rotate(d2 ^ a2, 16); c2 = (c2 + d2) | 0; b2 = rotate(b2 ^ c2, 12)
    a2 = (a2 + b2) | 0; d2 = rotate(d2 ^ a2, 8); c2 = (c2 + d2) | 0; b2 = rotate(b2 ^ c2, 7)
    a3 = (a3 + b3) | 0; d3 = rotate(d3 ^ a3, 16); c3 = (c3 + d3) | 0; b3 = rotate(b3 ^ c3, 12)
    a3 = (a3 + b3) | 0; d3 = rotate(d3 ^ a3, 8); c3 = (c3 + d3) | 0; b3 = rotate(b3 ^ c3, 7)
    a0 = (a0 + b1) | 0; d3 = rotate(d3 ^ a0, 16); c2 = (c2 + d3) | 0; b1 = rotate(b1 ^ c2, 12)
    a0 = (a0 + b1) | 0; d3 = rotate(d3 ^ a0, 8); c2 = (c2 + d3) | 0; b1 = rotate(b1 ^ c2, 7)
    a1 = (a1 + b2) | 0; d0 = rotate(d0 ^ a1, 16); c3 = (c3 + d0) | 0; b2 = rotate(b2 ^ c3, 12)
    a1 = (a1 + b2) | 0; d0 = rotate(d0 ^ a1, 8); c3 = (c3 + d0) | 0; b2 = rotate(b2 ^ c3, 7)
    a2 = (a2 + b3) | 0; d1 = rotate(d1 ^ a2, 16); c0 = (c0 + d1) | 0; b3 = rotate(b3 ^ c0, 12)
    a2 = (a2 + b3) | 0; d1 = rotate(d1 ^ a2, 8); c0 = (c0 + d1) | 0; b3 = rotate(b3 ^ c0, 7)
    a3 = (a3 + b0) | 0; d2 = rotate(d2 ^ a3, 16); c1 = (c1 + d2) | 0; b0 = rotate(b0 ^ c1, 12)
    a3 = (a3 + b0) | 0; d2 = rotate(d2 ^ a3, 8); c1 = (c1 + d2) | 0; b0 = rotate(b0 ^ c1, 7)
  }
  x[0] = a0; x[1] = a1; x[2] = a2; x[3] = a3
  x[4] = b0; x[5] = b1; x[6] = b2; x[7] = b3
  x[8] = c0; x[9] = c1; x[10] = c2; x[11] = c3
  x[12] = d0; x[13] = d1; x[14] = d2; x[15] = d3
}

/** Bytes XOR the key stream from a block on. */
function xor(key: Uint8Array, nonce: Uint8Array, counter: number, bytes: Uint8Array): Uint8Array {
  // A copy, whatever a subclass does.
  const out = new Uint8Array(bytes)
  const state = stateOf(key, concatBytes(Uint8Array.of(counter, 0, 0, 0), nonce))
  const block = new Int32Array(16)
  const words = new DataView(out.buffer)
  const whole = out.length - (out.length % 64)
  for (let at = 0; at < out.length; at += 64) {
    block.set(state)
    permute(block)
    for (let i = 0; i < 16; i++) block[i]! += state[i]!
    if (at < whole) {
      for (let i = 0; i < 16; i++) words.setInt32(at + 4 * i, words.getInt32(at + 4 * i, true) ^ block[i]!, true)
    } else {
      for (let i = at; i < out.length; i++) out[i]! ^= block[(i & 63) >> 2]! >>> (8 * (i & 3))
    }
    state[12]!++
  }
  state.fill(0)
  block.fill(0)
  return out
}

/** HChaCha20: a key of a key and the first 16 bytes of a long nonce. */
function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const state = stateOf(key, nonce)
  permute(state)
  const derived = new Uint8Array(KEY)
  for (let i = 0; i < KEY; i++) derived[i] = state[(i >> 2) + (i < 16 ? 0 : 8)]! >>> (8 * (i & 3))
  state.fill(0)
  return derived
}

function checkLengths(key: Uint8Array, nonce: Uint8Array, nonceLength: number): void {
  if (key.length !== KEY) throw new RangeError(`the key must be ${KEY} bytes, got ${key.length}`)
  if (nonce.length !== nonceLength) throw new RangeError(`the nonce must be ${nonceLength} bytes, got ${nonce.length}`)
}

function tagOf(key: Uint8Array, nonce: Uint8Array, about: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const lengths = new Uint8Array(16)
  const view = new DataView(lengths.buffer)
  for (const [i, { length }] of [about, ciphertext].entries()) {
    view.setUint32(8 * i, length, true)
    view.setUint32(8 * i + 4, Math.floor(length / 2 ** 32), true)
  }
  const authKey = xor(key, nonce, 0, new Uint8Array(KEY))
  try {
    return poly1305(authKey, about, ciphertext, lengths)
  } finally {
    wipe(authKey)
  }
}

/**
 * ChaCha20-Poly1305.
 *
 * @param key 32 bytes
 * @param nonce 12 bytes, never the same twice with one key
 * @param about associated data, which is authenticated and not encrypted
 * @throws {RangeError} if a length is wrong
 */
export function chacha20poly1305(key: Uint8Array, nonce: Uint8Array, about: Uint8Array = new Uint8Array(0)): Aead {
  checkLengths(key, nonce, NONCE)
  return {
    encrypt(plaintext) {
      const ciphertext = xor(key, nonce, 1, plaintext)
      return concatBytes(ciphertext, tagOf(key, nonce, about, ciphertext))
    },
    decrypt(bytes) {
      if (bytes.length < TAG) throw new Error('a ciphertext is shorter than its tag')
      const ciphertext = bytes.subarray(0, -TAG)
      // Nothing is decrypted before the tag fits.
      const tag = tagOf(key, nonce, about, ciphertext)
      const fits = equalBytes(tag, bytes.subarray(-TAG))
      // Of a forged ciphertext it is a secret.
      wipe(tag)
      if (!fits) throw new Error('the tag does not fit')
      return xor(key, nonce, 1, ciphertext)
    },
  }
}

/**
 * XChaCha20-Poly1305, whose nonces are long enough to be random.
 *
 * @param key 32 bytes
 * @param nonce 24 bytes
 * @param about associated data
 * @throws {RangeError} if a length is wrong
 */
export function xchacha20poly1305(key: Uint8Array, nonce: Uint8Array, about?: Uint8Array): Aead {
  checkLengths(key, nonce, LONG_NONCE)
  const run = (way: keyof Aead, bytes: Uint8Array): Uint8Array => {
    const derived = hchacha20(key, nonce.subarray(0, 16))
    try {
      return chacha20poly1305(derived, concatBytes(new Uint8Array(4), nonce.subarray(16)), about)[way](bytes)
    } finally {
      wipe(derived)
    }
  }
  return { encrypt: (plaintext) => run('encrypt', plaintext), decrypt: (ciphertext) => run('decrypt', ciphertext) }
}
