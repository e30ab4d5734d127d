import { wipe } from '../util/bytes.ts'
import { CUBE_ROOTS, SQUARE_ROOTS } from './fractions.ts'

// SHA-512 (FIPS 180-4). Words of 64 bits are two of 32, the higher one first.

const BLOCK = 128
const ROUNDS = 80

/** The higher half of (x, y) rotated right by less than 32 bits, and the lower half of (y, x). */
const turn = (x: number, y: number, by: number): number => (x >>> by) | (y << (32 - by))

// Each gives the higher half for (high, low), and the lower half for (low, high).
const bigSigma0 = (x: number, y: number): number => turn(x, y, 28) ^ turn(y, x, 2) ^ turn(y, x, 7)
const bigSigma1 = (x: number, y: number): number => turn(x, y, 14) ^ turn(x, y, 18) ^ turn(y, x, 9)
// The last rotation of these is a shift, given by the caller.
const smallSigma0 = (x: number, y: number, shifted: number): number => turn(x, y, 1) ^ turn(x, y, 8) ^ shifted
const smallSigma1 = (x: number, y: number, shifted: number): number => turn(x, y, 19) ^ turn(y, x, 29) ^ shifted

/** What a sum of lower halves, none of them negative, carries into the higher ones. */
const carry = (sum: number): number => Math.floor(sum * 2 ** -32)

/** Hashes a block into the state. Both have words in pairs; `w` is the schedule, the block in its first 16 words. */
function compress(state: Int32Array, w: Int32Array): void {
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
  const words = [ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl]
  for (let i = 0; i < 16; i += 2) {
    const low = (state[i + 1]! >>> 0) + (words[i + 1]! >>> 0)
    state[i]! += words[i]! + carry(low)
    state[i + 1] = low
  }
  words.fill(0)
}

/** SHA-512, 64 bytes. */
export function sha512(message: Uint8Array): Uint8Array {
  const { length } = message
  const state = new Int32Array(16)
  for (let i = 0; i < 8; i++) {
    state[2 * i] = SQUARE_ROOTS.high[i]!
    state[2 * i + 1] = SQUARE_ROOTS.low[i]!
  }
  // The message, 0x80, zeros, and the number of its bits, whose higher half of 64 bits is zero.
  const padded = new Uint8Array(BLOCK * Math.ceil((length + 17) / BLOCK))
  padded.set(message)
  padded[length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(length / 2 ** 29))
  view.setUint32(padded.length - 4, 8 * length)
  const schedule = new Int32Array(2 * ROUNDS)
  for (let at = 0; at < padded.length; at += BLOCK) {
    for (let i = 0; i < 32; i++) schedule[i] = view.getInt32(at + 4 * i)
    compress(state, schedule)
  }
  const digest = new Uint8Array(64)
  const words = new DataView(digest.buffer)
  state.forEach((word, i) => words.setInt32(4 * i, word))
  wipe(padded)
  state.fill(0)
  schedule.fill(0)
  return digest
}
