import { SQUARE_ROOTS } from '../../symmetric/fractions.ts'
import { wipe } from '../../util/bytes.ts'

// BLAKE2b (RFC 7693) without a key, for the few hashes of Argon2id. Words of 64 bits are two of 32, the lower one first.

/** The words with which a state begins. */
const INITIAL = /* @__PURE__ */ Uint32Array.from(
  { length: 16 },
  (_, i) => SQUARE_ROOTS[i % 2 === 0 ? 'low' : 'high'][i >> 1]!,
)

/** Which words of the message each round takes, a digit for each. Rounds 11 and 12 are as 1 and 2. */
const SCHEDULE =
  '0123456789abcdefea489fd61c02b753' +
  'b8c052fdae3671947931dcbe265a40f8' +
  '905724afe1bc683d2c6a0b834d75fe19' +
  'c51fed4a0763928bdb7ec13950f4862a' +
  '6fe9b308c2d714a5a2847615fb9e3cd0'

/** Columns, then diagonals: the words a, b, c and d of each step. */
const STEPS = ['048c', '159d', '26ae', '37bf', '05af', '16bc', '278d', '349e']

/** Offsets in the words that are worked on, behind 16 of 64 bits: the block's own, and a zero. */
const MESSAGE = 32
const NOTHING = 64

const BLOCK = 128
const ROUNDS = 12

/**
 * The hash of some bytes.
 *
 * @param length of the hash in bytes: 1 to 64
 */
export function blake2b(bytes: Uint8Array, length: number): Uint8Array {
  const state = INITIAL.slice()
  state[0]! ^= 0x01010000 ^ length
  const padded = new Uint8Array(BLOCK * Math.max(1, Math.ceil(bytes.length / BLOCK)))
  padded.set(bytes)
  const message = new DataView(padded.buffer)
  const work = new Uint32Array(NOTHING + 2)
  for (let at = 0; at < padded.length; at += BLOCK) {
    for (let i = 0; i < 32; i++) work[MESSAGE + i] = message.getUint32(at + 4 * i, true)
    work.set(state)
    work.set(INITIAL, 16)
    work[24]! ^= Math.min(at + BLOCK, bytes.length)
    if (at + BLOCK === padded.length) {
      work[28]! ^= -1
      work[29]! ^= -1
    }
    compress(work)
    for (let i = 0; i < 16; i++) state[i]! ^= work[i]! ^ work[i + 16]!
  }
  for (const [i, word] of state.entries()) message.setUint32(4 * i, word, true)
  const hash = padded.slice(0, length)
  wipe(padded)
  for (const secret of [state, work]) secret.fill(0)
  return hash
}

function compress(work: Uint32Array): void {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [step, places] of STEPS.entries()) {
      const [a, b, c, d] = Array.from(places, (digit) => 2 * parseInt(digit, 16)) as [number, number, number, number]
      const at = 16 * (round % 10) + 2 * step
      add(work, a, b, MESSAGE + 2 * parseInt(SCHEDULE.charAt(at), 16))
      turn(work, d, a, 32)
      add(work, c, d, NOTHING)
      turn(work, b, c, 24)
      add(work, a, b, MESSAGE + 2 * parseInt(SCHEDULE.charAt(at + 1), 16))
      turn(work, d, a, 16)
      add(work, c, d, NOTHING)
      turn(work, b, c, 63)
    }
  }
}

/** v[a] += v[b] + v[x] */
function add(v: Uint32Array, a: number, b: number, x: number): void {
  const low = v[a]! + v[b]! + v[x]!
  v[a] = low
  v[a + 1]! += v[b + 1]! + v[x + 1]! + Math.floor(low / 2 ** 32)
}

/** v[d] = (v[d] ⊕ v[a]) >>> right */
function turn(v: Uint32Array, d: number, a: number, right: number): void {
  const low = v[d]! ^ v[a]!
  const high = v[d + 1]! ^ v[a + 1]!
  const [to, other] = right < 32 ? [d, d + 1] : [d + 1, d]
  const by = right % 32
  v[to] = by === 0 ? low : (low >>> by) | (high << (32 - by))
  v[other] = by === 0 ? high : (high >>> by) | (low << (32 - by))
}
