// RIPEMD-160 (Dobbertin, Bosselaers and Preneel, 1996), for the fingerprints of public keys.

const BLOCK = 64

/** The words of which a hash consists, at its beginning. */
const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]

/** What the steps of each round add: 2^30 times the square roots of 2, 3, 5 and 7, and their cube roots. */
const LEFT = [0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e]
const RIGHT = [0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0]

/** The word that a step takes, from the one that it took in the round before. */
const NEXT_WORD = '74d1a6f3c0952eb8'

/** By how much each round rotates, for each word. */
const ROTATIONS = ['befc5879bdef6798', 'cdbf6997cfbd7877', 'dfeb7768dedc5569', 'ebce8655fcfe9986', 'fcdd9586ebcb8655']

const turn = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

const digit = (digits: string, at: number): number => parseInt(digits.charAt(at), 16)

/** The function of a round, of the left line; the right line has them in the other order. */
function mix(round: number, x: number, y: number, z: number): number {
  if (round === 0) return x ^ y ^ z
  if (round === 1) return (x & y) | (~x & z)
  if (round === 2) return (x | ~y) ^ z
  if (round === 3) return (x & z) | (y & ~z)
  return x ^ (y | ~z)
}

/** The five words after the steps of one line. */
function runLine(state: Int32Array, block: Int32Array, isLeft: boolean): [number, number, number, number, number] {
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number]
  let words = Array.from({ length: 16 }, (_, i) => (isLeft ? i : (9 * i + 5) % 16))
  for (let round = 0; round < 5; round++) {
    const [added, kind] = isLeft ? [LEFT[round]!, round] : [RIGHT[round]!, 4 - round]
    for (const word of words) {
      const t = (turn((a + mix(kind, b, c, d) + block[word]! + added) | 0, digit(ROTATIONS[round]!, word)) + e) | 0
      a = e
      e = d
      d = turn(c, 10)
      c = b
      b = t
    }
    words = words.map((word) => digit(NEXT_WORD, word))
  }
  return [a, b, c, d, e]
}

/** RIPEMD-160 of what is public, 20 bytes. */
export function ripemd160(message: Uint8Array): Uint8Array {
  const { length } = message
  // The message, 0x80, zeros, and the number of its bits.
  const padded = new Uint8Array(BLOCK * Math.ceil((length + 9) / BLOCK))
  padded.set(message)
  padded[length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, 8 * length, true)
  view.setUint32(padded.length - 4, Math.floor(length / 2 ** 29), true)
  const state = Int32Array.from(INITIAL)
  const block = new Int32Array(16)
  for (let at = 0; at < padded.length; at += BLOCK) {
    for (let i = 0; i < 16; i++) block[i] = view.getInt32(at + 4 * i, true)
    const left = runLine(state, block, true)
    const right = runLine(state, block, false)
    const before = state.slice()
    for (let i = 0; i < 5; i++) state[i] = before[(i + 1) % 5]! + left[(i + 2) % 5]! + right[(i + 3) % 5]!
  }
  const digest = new Uint8Array(20)
  const words = new DataView(digest.buffer)
  state.forEach((word, i) => words.setInt32(4 * i, word, true))
  return digest
}
