import { wipe } from '../util/bytes.ts'

// Keccak-256 as Ethereum has it: the sponge of SHA3-256 (FIPS 202) with the padding that Keccak had before. A lane of 64 bits
// is two words of 32, the lower one first.

const ROUNDS = 24
const RATE = 136
/** Words of a row of five lanes. */
const ROW = 10

/** A word of (x, y) rotated left by 1 to 63 bits, but for 32: x of the same significance, y the other one. */
const turn = (x: number, y: number, by: number): number =>
  by < 32 ? (x << by) | (y >>> (32 - by)) : (y << (by - 32)) | (x >>> (64 - by))

/** A permutation of all 50 words. */
function permute(state: Int32Array, scratch: Int32Array): void {
  // The constants are bits of a shift register (FIPS 202 §3.2.5).
  let register = 1
  for (let round = 0; round < ROUNDS; round++) {
    // θ: each lane, XOR the parities of two columns.
    for (let i = 0; i < ROW; i++) {
      scratch[i] = state[i]! ^ state[i + ROW]! ^ state[i + 2 * ROW]! ^ state[i + 3 * ROW]! ^ state[i + 4 * ROW]!
    }
    for (let i = 0; i < ROW; i++) {
      const left = scratch[(i + 8) % ROW]!
      const right = (i + 2) % ROW
      const parity = left ^ turn(scratch[right]!, scratch[right ^ 1]!, 1)
      for (let at = i; at < 5 * ROW; at += ROW) state[at]! ^= parity
    }
    // ρ and π: each lane turned, in the place of the next one of a cycle.
    let x = 1
    let y = 0
    let low = state[2]!
    let high = state[3]!
    for (let step = 1; step <= 24; step++) {
      const by = ((step * (step + 1)) / 2) % 64
      const next = (2 * x + 3 * y) % 5
      x = y
      y = next
      const at = 2 * x + ROW * y
      const [nextLow, nextHigh] = [state[at]!, state[at + 1]!]
      state[at] = turn(low, high, by)
      state[at + 1] = turn(high, low, by)
      low = nextLow
      high = nextHigh
    }
    // χ: rows.
    for (let row = 0; row < 5 * ROW; row += ROW) {
      for (let i = 0; i < ROW; i++) scratch[i] = state[row + i]!
      for (let i = 0; i < ROW; i++) state[row + i]! ^= ~scratch[(i + 2) % ROW]! & scratch[(i + 4) % ROW]!
    }
    // ι: a bit of the register at each place 2^j - 1, of which 63 is the 31st of the higher word.
    for (let j = 0; j < 7; j++) {
      state[j === 6 ? 1 : 0]! ^= (register & 1) << ((1 << j) - 1)
      register = (register << 1) ^ ((register >> 7) * 0x171)
    }
  }
}

/** Keccak-256, 32 bytes. */
export function keccak256(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(RATE * (Math.floor(message.length / RATE) + 1))
  padded.set(message)
  padded[message.length] = 1
  padded[padded.length - 1]! |= 0x80
  const view = new DataView(padded.buffer)
  const state = new Int32Array(5 * ROW)
  const scratch = new Int32Array(ROW)
  for (let at = 0; at < padded.length; at += RATE) {
    for (let i = 0; i < RATE; i += 4) state[i >> 2]! ^= view.getInt32(at + i, true)
    permute(state, scratch)
  }
  const digest = new Uint8Array(32)
  for (let i = 0; i < 32; i++) digest[i] = state[i >> 2]! >>> (8 * (i & 3))
  wipe(padded)
  state.fill(0)
  scratch.fill(0)
  return digest
}
