import { CUBE_ROOTS, SQUARE_ROOTS } from './fractions.ts'

// SHA-256 (FIPS 180-4). On an engine that interprets, a call costs as much as ten operations; a round has none.

const BLOCK = 64

// Made once: to allocate them for each hash would take longer than to hash a block. All zeros after a hash.
/** The message schedule. */
const words = /* @__PURE__ */ new Int32Array(64)
/** The state of a hash that ends. */
const last = /* @__PURE__ */ new Int32Array(8)
/** The end of a message, padded. */
const end = /* @__PURE__ */ new Uint8Array(2 * BLOCK)

/** A hash that has begun with whole blocks. */
export interface Sha256Start {
  readonly state: Int32Array
  bytes: number
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
  const constants = CUBE_ROOTS.high
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t1 = h + s1 + (g ^ (e & (f ^ g))) + constants[i]! + words[i]!
    const t2 = s0 + ((a & b) ^ (c & (a ^ b)))
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

/** SHA-256, 32 bytes. */
export function sha256(message: Uint8Array): Uint8Array {
  return finishSha256({ state: SQUARE_ROOTS.high, bytes: 0 }, message)
}

/** Begins a hash. @param prefix whole blocks of 64 bytes */
export function startSha256(prefix: Uint8Array): Sha256Start {
  const start = { state: SQUARE_ROOTS.high.slice(), bytes: 0 }
  continueSha256(start, prefix)
  return start
}

/** Goes on with a hash, whose state changes. @param blocks whole blocks of 64 bytes */
export function continueSha256(start: Sha256Start, blocks: Uint8Array): void {
  if (blocks.length % BLOCK !== 0) throw new RangeError('a hash begins with whole blocks')
  for (let at = 0; at < blocks.length; at += BLOCK) {
    loadBlock(blocks, at)
    compress(start.state)
  }
  words.fill(0)
  start.bytes += blocks.length
}

/** SHA-256 of what a hash began with and a message, the first `length` bytes. It may begin many. */
export function finishSha256(start: Sha256Start, message: Uint8Array, length = message.length): Uint8Array {
  const tail = length % BLOCK
  last.set(start.state)
  for (let at = 0; at < length - tail; at += BLOCK) {
    loadBlock(message, at)
    compress(last)
  }
  // The end of the message, 0x80, zeros, and the number of bits of the whole: one block, or two.
  for (let i = 0; i < tail; i++) end[i] = message[length - tail + i]!
  // Again, in case a hash was cut short before it wiped this, as by a stack overflow.
  end.fill(0, tail)
  end[tail] = 0x80
  const size = tail < BLOCK - 8 ? BLOCK : 2 * BLOCK
  let bits = 8 * (start.bytes + length)
  for (let at = size - 1; bits > 0; at--) {
    end[at] = bits
    bits = Math.floor(bits / 256)
  }
  for (let at = 0; at < size; at += BLOCK) {
    loadBlock(end, at)
    compress(last)
  }
  const digest = new Uint8Array(32)
  for (let i = 0; i < 32; i++) digest[i] = last[i >> 2]! >>> (24 - 8 * (i & 3))
  words.fill(0)
  last.fill(0)
  end.fill(0)
  return digest
}
