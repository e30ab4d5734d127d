import { CUBE_ROOTS, SQUARE_ROOTS } from './fractions.ts'

// SHA-512 (FIPS 180-4). Words of 64 bits are two of 32, the higher one first.

const BLOCK = 128
const ROUNDS = 80

// Made once: to allocate them for each hash takes about as long as to hash a block. All zeros after a hash.
/** The message schedule. */
const schedule = /* @__PURE__ */ new Int32Array(2 * ROUNDS)
/** The state. */
const state = /* @__PURE__ */ new Int32Array(16)
/** The end of a message, padded. */
const end = /* @__PURE__ */ new Uint8Array(2 * BLOCK)

/** The higher half of (x, y) rotated right by less than 32 bits, and the lower half of (y, x). */
const turn = (x: number, y: number, by: number): number => (x >>> by) | (y << (32 - by))

// Each gives the higher half for (high, low), and the lower half for (low, high).
const bigSigma0 = (x: number, y: number): number => turn(x, y, 28) ^ turn(y, x, 2) ^ turn(y, x, 7)
const bigSigma1 = (x: number, y: number): number => turn(x, y, 14) ^ turn(x, y, 18) ^ turn(y, x, 9)
// The last rotation of these is a shift, given by the caller.
const smallSigma0 = (x: number, y: number, shifted: number): number => turn(x, y, 1) ^ turn(x, y, 8) ^ shifted
const smallSigma1 = (x: number, y: number, shifted: number): number => turn(x, y, 19) ^ turn(y, x, 29) ^ shifted

/** What a sum of lower halves, none of them negative, carries into the higher ones. An integer, as the engine must see. */
const carry = (sum: number): number => (sum * 2 ** -32) | 0

function addWord(at: number, high: number, low: number): void {
  const sum = (state[at + 1]! >>> 0) + (low >>> 0)
  state[at]! += high + carry(sum)
  state[at + 1] = sum
}

/** Hashes a block into the state, whose words are pairs, as those of the schedule are. */
function compress(bytes: Uint8Array, offset: number): void {
  const w = schedule
  for (let i = 0; i < 32; i++) {
    const j = offset + 4 * i
    w[i] = (bytes[j]! << 24) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 8) | bytes[j + 3]!
  }
  for (let i = 32; i < 2 * ROUNDS; i += 2) {
    const xh = w[i - 30]!
    const xl = w[i - 29]!
    const yh = w[i - 4]!
    const yl = w[i - 3]!
    const low =
      (w[i - 31]! >>> 0) +
      (smallSigma0(xl, xh, turn(xl, xh, 7)) >>> 0) +
      (w[i - 13]! >>> 0) +
      (smallSigma1(yl, yh, turn(yl, yh, 6)) >>> 0)
    w[i] = w[i - 32]! + smallSigma0(xh, xl, xh >>> 7) + w[i - 14]! + smallSigma1(yh, yl, yh >>> 6) + carry(low)
    w[i + 1] = low
  }
  // The words a to h.
  let ah = state[0]!
  let al = state[1]!
  let bh = state[2]!
  let bl = state[3]!
  let ch = state[4]!
  let cl = state[5]!
  let dh = state[6]!
  let dl = state[7]!
  let eh = state[8]!
  let el = state[9]!
  let fh = state[10]!
  let fl = state[11]!
  let gh = state[12]!
  let gl = state[13]!
  let hh = state[14]!
  let hl = state[15]!
  for (let i = 0; i < ROUNDS; i++) {
    const low1 =
      (hl >>> 0) +
      (bigSigma1(el, eh) >>> 0) +
      (((el & fl) ^ (~el & gl)) >>> 0) +
      (CUBE_ROOTS.low[i]! >>> 0) +
      (w[2 * i + 1]! >>> 0)
    const high1 = hh + bigSigma1(eh, el) + ((eh & fh) ^ (~eh & gh)) + CUBE_ROOTS.high[i]! + w[2 * i]! + carry(low1)
    const low2 = (bigSigma0(al, ah) >>> 0) + (((al & bl) ^ (al & cl) ^ (bl & cl)) >>> 0)
    const high2 = bigSigma0(ah, al) + ((ah & bh) ^ (ah & ch) ^ (bh & ch)) + carry(low2)
    hh = gh
    hl = gl
    gh = fh
    gl = fl
    fh = eh
    fl = el
    const e = (dl >>> 0) + (low1 >>> 0)
    eh = (dh + high1 + carry(e)) | 0
    el = e | 0
    dh = ch
    dl = cl
    ch = bh
    cl = bl
    bh = ah
    bl = al
    const a = (low1 >>> 0) + (low2 >>> 0)
    ah = (high1 + high2 + carry(a)) | 0
    al = a | 0
  }
  addWord(0, ah, al)
  addWord(2, bh, bl)
  addWord(4, ch, cl)
  addWord(6, dh, dl)
  addWord(8, eh, el)
  addWord(10, fh, fl)
  addWord(12, gh, gl)
  addWord(14, hh, hl)
}

/** SHA-512, 64 bytes. */
export function sha512(message: Uint8Array): Uint8Array {
  const { length } = message
  const tail = length % BLOCK
  for (let i = 0; i < 8; i++) {
    state[2 * i] = SQUARE_ROOTS.high[i]!
    state[2 * i + 1] = SQUARE_ROOTS.low[i]!
  }
  for (let at = 0; at < length - tail; at += BLOCK) compress(message, at)
  // The end of the message, 0x80, zeros, and the number of its bits, whose higher half of 64 bits is zero.
  for (let i = 0; i < tail; i++) end[i] = message[length - tail + i]!
  // Again, in case a hash was cut short before it wiped this, as by a stack overflow.
  end.fill(0, tail)
  end[tail] = 0x80
  const size = tail < BLOCK - 16 ? BLOCK : 2 * BLOCK
  let bits = 8 * length
  for (let at = size - 1; bits > 0; at--) {
    end[at] = bits
    bits = Math.floor(bits / 256)
  }
  for (let at = 0; at < size; at += BLOCK) compress(end, at)
  const digest = new Uint8Array(64)
  for (let i = 0; i < 64; i++) digest[i] = state[i >> 2]! >>> (24 - 8 * (i & 3))
  schedule.fill(0)
  state.fill(0)
  end.fill(0)
  return digest
}
