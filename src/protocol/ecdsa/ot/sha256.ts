import { wipe } from '../../../util/bytes.ts'

// SHA-256 (FIPS 180-4) for the many short hashes of a signature. On an engine that interprets, a call costs as much as ten
// operations, and @noble/hashes calls a function for every rotation; this has none.

/** The first 32 bits of the fractions of the cube roots of the first 64 primes. */
// prettier-ignore
const K = /* @__PURE__ */ Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
)

/** The first 32 bits of the fractions of the square roots of the first 8 primes. */
// prettier-ignore
const INITIAL: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]

const BLOCK = 64

/** The message schedule. All zeros between hashes. */
const words = /* @__PURE__ */ new Int32Array(64)

/** A hash that has begun with whole blocks. */
export interface Sha256Start {
  readonly state: Int32Array
  readonly bytes: number
}

function loadBlock(bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++) {
    const j = at + 4 * i
    words[i] = (bytes[j]! << 24) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 8) | bytes[j + 3]!
  }
}

/** Hashes the block in {@link words} into the state. */
function compress(state: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15]!
    const y = words[i - 2]!
    words[i] =
      words[i - 16]! +
      (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) +
      words[i - 7]! +
      (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10))
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + K[i]! + words[i]!
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0]! += a
  state[1]! += b
  state[2]! += c
  state[3]! += d
  state[4]! += e
  state[5]! += f
  state[6]! += g
  state[7]! += h
}

/** Begins a hash. @param prefix public, of whole blocks of 64 bytes */
export function startSha256(prefix: Uint8Array): Sha256Start {
  if (prefix.length % BLOCK !== 0) throw new RangeError('a hash begins with whole blocks')
  const state = Int32Array.from(INITIAL)
  for (let at = 0; at < prefix.length; at += BLOCK) {
    loadBlock(prefix, at)
    compress(state)
  }
  words.fill(0)
  return { state, bytes: prefix.length }
}

/** SHA-256 of what a hash began with and a message. It may begin many. */
export function finishSha256(start: Sha256Start, message: Uint8Array): Uint8Array {
  const { length } = message
  const state = start.state.slice()
  const tail = length % BLOCK
  for (let at = 0; at < length - tail; at += BLOCK) {
    loadBlock(message, at)
    compress(state)
  }
  // The end of the message, 0x80, zeros, and the number of bits of the whole: one block, or two.
  const end = new Uint8Array(tail < BLOCK - 8 ? BLOCK : 2 * BLOCK)
  end.set(message.subarray(length - tail))
  end[tail] = 0x80
  new DataView(end.buffer).setUint32(end.length - 4, 8 * (start.bytes + length))
  for (let at = 0; at < end.length; at += BLOCK) {
    loadBlock(end, at)
    compress(state)
  }
  const digest = new Uint8Array(32)
  for (let i = 0; i < 32; i++) digest[i] = state[i >> 2]! >>> (24 - 8 * (i & 3))
  words.fill(0)
  state.fill(0)
  wipe(end)
  return digest
}
