/**
 * SHA-256 (FIPS 180-4) of four messages at once, one in each lane of an i32x4. Oblivious transfer hashes thousands of
 * short, independent messages, so all lanes are used.
 *
 * Constant time: the executed instructions depend only on the lengths and addresses of the messages, which are public.
 */

// FIPS 180-4 §4.2.2
const ROUND_CONSTANTS = memory.data<u32>(
  [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
  ],
  16,
)

// FIPS 180-4 §5.3.3
const INITIAL_STATE = memory.data<u32>(
  [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
  16,
)

/** Bytes of four interleaved states: eight words of four lanes. */
export const STATES_BYTES: i32 = 128
export const BLOCK_BYTES: i32 = 64
export const DIGEST_BYTES: i32 = 32

/** Bytes of the message schedule: 64 words of four lanes, and 16 words that are written but not used. */
const SCHEDULE_BYTES: i32 = 1280
const SCHEDULE = memory.data(1280, 16)


@inline
function rotateRight(x: v128, count: i32): v128 {
  return v128.or(i32x4.shr_u(x, count), i32x4.shl(x, 32 - count))
}


@inline
function bigSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 2), rotateRight(x, 13)), rotateRight(x, 22))
}


@inline
function bigSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 6), rotateRight(x, 11)), rotateRight(x, 25))
}


@inline
function smallSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 7), rotateRight(x, 18)), i32x4.shr_u(x, 3))
}


@inline
function smallSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 17), rotateRight(x, 19)), i32x4.shr_u(x, 10))
}


@inline
function choose(e: v128, f: v128, g: v128): v128 {
  return v128.xor(g, v128.and(e, v128.xor(f, g)))
}


@inline
function majority(a: v128, b: v128, c: v128): v128 {
  return v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)))
}

/** W_(t+16) */
@inline
function extendSchedule(t: i32): void {
  const at = SCHEDULE + ((<usize>t) << 4)
  const word = i32x4.add(
    i32x4.add(v128.load(at), smallSigma0(v128.load(at, 1 * 16))),
    i32x4.add(v128.load(at, 9 * 16), smallSigma1(v128.load(at, 14 * 16))),
  )
  v128.store(at, word, 16 * 16)
}

/**
 * h + Σ1(e) + Ch(e, f, g) + K_t + W_t, which a round adds to d and to the new a. A round depends on the round before it.
 * The schedule's words of later rounds do not, so the processor computes them in the meantime.
 */
@inline
function roundSum(e: v128, f: v128, g: v128, h: v128, t: i32): v128 {
  extendSchedule(t)
  const constant = v128.load32_splat(ROUND_CONSTANTS + ((<usize>t) << 2))
  const word = v128.load(SCHEDULE + ((<usize>t) << 4))
  return i32x4.add(i32x4.add(h, bigSigma1(e)), i32x4.add(choose(e, f, g), i32x4.add(constant, word)))
}


@inline
function swapBytes(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}

/**
 * Transposes four words of each lane (big-endian bytes in memory) to four vectors of one word of every lane. It is its own
 * inverse.
 */
@inline
function transposeWords(to: usize, w0: v128, w1: v128, w2: v128, w3: v128): void {
  const low01 = i32x4.shuffle(w0, w1, 0, 4, 1, 5)
  const low23 = i32x4.shuffle(w2, w3, 0, 4, 1, 5)
  const high01 = i32x4.shuffle(w0, w1, 2, 6, 3, 7)
  const high23 = i32x4.shuffle(w2, w3, 2, 6, 3, 7)
  v128.store(to, i64x2.shuffle(low01, low23, 0, 2), 0)
  v128.store(to, i64x2.shuffle(low01, low23, 1, 3), 16)
  v128.store(to, i64x2.shuffle(high01, high23, 0, 2), 32)
  v128.store(to, i64x2.shuffle(high01, high23, 1, 3), 48)
}

/** Starts four hashes. */
export function startStates(states: usize): void {
  for (let i: usize = 0; i < 8; i++) v128.store(states + (i << 4), v128.load32_splat(INITIAL_STATE + (i << 2)))
}

/** Hashes the 64-byte block at `block + l·stride` in lane l, for l = 0 … 3: next = compression of previous. */
export function compress(next: usize, previous: usize, block: usize, stride: usize): void {
  for (let offset: usize = 0; offset < 64; offset += 16) {
    const from = block + offset
    const w0 = swapBytes(v128.load(from))
    const w1 = swapBytes(v128.load(from + stride))
    const w2 = swapBytes(v128.load(from + 2 * stride))
    const w3 = swapBytes(v128.load(from + 3 * stride))
    transposeWords(SCHEDULE + (offset << 2), w0, w1, w2, w3)
  }
  compressSchedule(next, previous)
}

function compressSchedule(next: usize, previous: usize): void {
  let a = v128.load(previous, 0)
  let b = v128.load(previous, 16)
  let c = v128.load(previous, 32)
  let d = v128.load(previous, 48)
  let e = v128.load(previous, 64)
  let f = v128.load(previous, 80)
  let g = v128.load(previous, 96)
  let h = v128.load(previous, 112)
  // Eight rounds for each iteration. The roles of the eight variables rotate, so no value has to be moved.
  for (let t = 0; t < 64; t += 8) {
    h = roundSum(e, f, g, h, t)
    d = i32x4.add(d, h)
    h = i32x4.add(h, i32x4.add(bigSigma0(a), majority(a, b, c)))
    g = roundSum(d, e, f, g, t + 1)
    c = i32x4.add(c, g)
    g = i32x4.add(g, i32x4.add(bigSigma0(h), majority(h, a, b)))
    f = roundSum(c, d, e, f, t + 2)
    b = i32x4.add(b, f)
    f = i32x4.add(f, i32x4.add(bigSigma0(g), majority(g, h, a)))
    e = roundSum(b, c, d, e, t + 3)
    a = i32x4.add(a, e)
    e = i32x4.add(e, i32x4.add(bigSigma0(f), majority(f, g, h)))
    d = roundSum(a, b, c, d, t + 4)
    h = i32x4.add(h, d)
    d = i32x4.add(d, i32x4.add(bigSigma0(e), majority(e, f, g)))
    c = roundSum(h, a, b, c, t + 5)
    g = i32x4.add(g, c)
    c = i32x4.add(c, i32x4.add(bigSigma0(d), majority(d, e, f)))
    b = roundSum(g, h, a, b, t + 6)
    f = i32x4.add(f, b)
    b = i32x4.add(b, i32x4.add(bigSigma0(c), majority(c, d, e)))
    a = roundSum(f, g, h, a, t + 7)
    e = i32x4.add(e, a)
    a = i32x4.add(a, i32x4.add(bigSigma0(b), majority(b, c, d)))
  }
  v128.store(next, i32x4.add(v128.load(previous, 0), a), 0)
  v128.store(next, i32x4.add(v128.load(previous, 16), b), 16)
  v128.store(next, i32x4.add(v128.load(previous, 32), c), 32)
  v128.store(next, i32x4.add(v128.load(previous, 48), d), 48)
  v128.store(next, i32x4.add(v128.load(previous, 64), e), 64)
  v128.store(next, i32x4.add(v128.load(previous, 80), f), 80)
  v128.store(next, i32x4.add(v128.load(previous, 96), g), 96)
  v128.store(next, i32x4.add(v128.load(previous, 112), h), 112)
}

/** Writes the 32 bytes of each lane's state to `out + l·stride`. */
export function storeDigests(out: usize, stride: usize, states: usize): void {
  for (let half: usize = 0; half < 2; half++) {
    const from = states + (half << 6)
    const w0 = swapBytes(v128.load(from, 0))
    const w1 = swapBytes(v128.load(from, 16))
    const w2 = swapBytes(v128.load(from, 32))
    const w3 = swapBytes(v128.load(from, 48))
    const low01 = i32x4.shuffle(w0, w1, 0, 4, 1, 5)
    const low23 = i32x4.shuffle(w2, w3, 0, 4, 1, 5)
    const high01 = i32x4.shuffle(w0, w1, 2, 6, 3, 7)
    const high23 = i32x4.shuffle(w2, w3, 2, 6, 3, 7)
    const to = out + (half << 4)
    v128.store(to, i64x2.shuffle(low01, low23, 0, 2))
    v128.store(to + stride, i64x2.shuffle(low01, low23, 1, 3))
    v128.store(to + 2 * stride, i64x2.shuffle(high01, high23, 0, 2))
    v128.store(to + 3 * stride, i64x2.shuffle(high01, high23, 1, 3))
  }
}

/** Wipes the message schedule of the last blocks. */
export function wipeSchedule(): void {
  memory.fill(SCHEDULE, 0, SCHEDULE_BYTES)
}
