import type { Argon2Memory } from './argon2-blocks.ts'

// The memory of Argon2id (RFC 9106 §3.4, version 0x13) with one lane, where there is no WebAssembly: what assembly/argon2 does,
// step by step. Words of 64 bits are two of 32, the lower one first.

/** Words of 32 bits in a block. */
const WORDS = 256
const ARGON2ID = 2

/** A block that is permuted. Its content is secret until {@link Argon2Memory.wipe}. */
const scratch = /* @__PURE__ */ new Uint32Array(WORDS)

/**
 * Takes the memory.
 *
 * @param count blocks, a multiple of four
 * @throws {RangeError} if there is not enough memory
 */
export function openPortableMemory(count: number, passes: number): Argon2Memory {
  const words = new Uint32Array(count * WORDS)
  /** A block of zeros, the input for addresses, and addresses. */
  const addresses = new Uint32Array(3 * WORDS)
  const [input, output] = [WORDS, 2 * WORDS]
  const view = new DataView(words.buffer)
  const segment = count / 4

  /** Blocks are bytes before and after, and words of this machine meanwhile. */
  const turnBytes = (block: number) => {
    for (let i = block * WORDS; i < (block + 1) * WORDS; i++) words[i] = view.getUint32(4 * i, true)
  }

  const writeAddresses = (slice: number, counter: number) => {
    addresses.fill(0, WORDS)
    for (const [i, value] of [0, 0, slice, count, passes, ARGON2ID, counter].entries()) addresses[input + 2 * i] = value
    compress(addresses, { x: 0, y: input, to: output, keeps: false })
    compress(addresses, { x: 0, y: output, to: output, keeps: false })
  }

  const fillBlock = (step: number) => {
    const pass = Math.floor(step / count)
    const position = step % count
    const slice = Math.floor(position / segment)
    const index = position % segment
    const previous = WORDS * (position === 0 ? count - 1 : position - 1)
    // Which blocks are read in the first half of the first pass does not depend on the password.
    const isIndependent = pass === 0 && slice < 2
    const at = index % 128
    if (isIndependent && (at === 0 || step === 2)) writeAddresses(slice, Math.floor(index / 128) + 1)
    const word = isIndependent ? addresses[output + 2 * at]! : words[previous]!
    // Of the blocks filled last, the later ones more often (RFC 9106 §3.4.1.1, §3.4.2).
    const area = (pass === 0 ? slice * segment : count - segment) + index - 1
    const start = pass === 0 || slice === 3 ? 0 : (slice + 1) * segment
    const reference = (start + area - 1 - upperHalf(area, upperHalf(word, word))) % count
    compress(words, { x: previous, y: WORDS * reference, to: WORDS * position, keeps: pass > 0 })
  }

  return {
    blocks: new Uint8Array(words.buffer),
    step: 8,
    fill(from, to) {
      if (from === 2) [0, 1].forEach(turnBytes)
      for (let step = from; step < to; step++) fillBlock(step)
      if (to === count * passes) turnBytes(count - 1)
    },
    wipe() {
      for (const secret of [words, scratch, addresses]) secret.fill(0)
    },
  }
}

/** The upper 32 bits of a product of 32 by 32 bits: exact, since rounding changes less than half of 2^32. */
function upperHalf(x: number, y: number): number {
  return Math.floor((x * y - (Math.imul(x, y) >>> 0)) / 2 ** 32 + 0.5)
}

/** G of two blocks (RFC 9106 §3.5); with `keeps`, it is XORed with what is there. */
function compress(
  v: Uint32Array,
  { x, y, to, keeps }: { readonly x: number; readonly y: number; readonly to: number; readonly keeps: boolean },
): void {
  for (let i = 0; i < WORDS; i++) {
    const word = v[x + i]! ^ v[y + i]!
    scratch[i] = word
    v[to + i] = keeps ? v[to + i]! ^ word : word
  }
  for (let row = 0; row < 8; row++) permute(32 * row, 4)
  for (let column = 0; column < 8; column++) permute(4 * column, 32)
  for (let i = 0; i < WORDS; i++) v[to + i]! ^= scratch[i]!
}

/** The permutation P on eight pairs of words of 64 bits, `stride` words of 32 apart. */
function permute(at: number, stride: number): void {
  // The i-th word of 64 bits of the 16 is the (i & 1)-th of the (i >> 1)-th pair.
  const b = at + 2 * stride
  const c = at + 4 * stride
  const d = at + 6 * stride
  const next = at + stride
  mix(at, b, c, d)
  mix(at + 2, b + 2, c + 2, d + 2)
  mix(next, b + stride, c + stride, d + stride)
  mix(next + 2, b + stride + 2, c + stride + 2, d + stride + 2)
  mix(at, b + 2, c + stride, d + stride + 2)
  mix(at + 2, b + stride, c + stride + 2, d)
  mix(next, b + stride + 2, c, d + 2)
  mix(next + 2, b, c + 2, d + stride)
}

/** GB of four words of 64 bits (RFC 9106 §3.6), without calls: an engine that interprets takes long for them. */
function mix(a: number, b: number, c: number, d: number): void {
  let a0 = scratch[a]! | 0
  let a1 = scratch[a + 1]! | 0
  let b0 = scratch[b]! | 0
  let b1 = scratch[b + 1]! | 0
  let c0 = scratch[c]! | 0
  let c1 = scratch[c + 1]! | 0
  let d0 = scratch[d]! | 0
  let d1 = scratch[d + 1]! | 0
  let low = Math.imul(a0, b0)
  let high = ((a0 >>> 0) * (b0 >>> 0) - (low >>> 0)) / 2 ** 32 + 0.5
  let sum = (a0 >>> 0) + (b0 >>> 0) + ((low << 1) >>> 0)
  a1 = (a1 + b1 + ((high << 1) | (low >>> 31)) + Math.floor(sum / 2 ** 32)) | 0
  a0 = sum | 0
  low = d0 ^ a0
  high = d1 ^ a1
  d0 = high
  d1 = low
  low = Math.imul(c0, d0)
  high = ((c0 >>> 0) * (d0 >>> 0) - (low >>> 0)) / 2 ** 32 + 0.5
  sum = (c0 >>> 0) + (d0 >>> 0) + ((low << 1) >>> 0)
  c1 = (c1 + d1 + ((high << 1) | (low >>> 31)) + Math.floor(sum / 2 ** 32)) | 0
  c0 = sum | 0
  low = b0 ^ c0
  high = b1 ^ c1
  b0 = (low >>> 24) | (high << 8)
  b1 = (high >>> 24) | (low << 8)
  low = Math.imul(a0, b0)
  high = ((a0 >>> 0) * (b0 >>> 0) - (low >>> 0)) / 2 ** 32 + 0.5
  sum = (a0 >>> 0) + (b0 >>> 0) + ((low << 1) >>> 0)
  a1 = (a1 + b1 + ((high << 1) | (low >>> 31)) + Math.floor(sum / 2 ** 32)) | 0
  a0 = sum | 0
  low = d0 ^ a0
  high = d1 ^ a1
  d0 = (low >>> 16) | (high << 16)
  d1 = (high >>> 16) | (low << 16)
  low = Math.imul(c0, d0)
  high = ((c0 >>> 0) * (d0 >>> 0) - (low >>> 0)) / 2 ** 32 + 0.5
  sum = (c0 >>> 0) + (d0 >>> 0) + ((low << 1) >>> 0)
  c1 = (c1 + d1 + ((high << 1) | (low >>> 31)) + Math.floor(sum / 2 ** 32)) | 0
  c0 = sum | 0
  low = b0 ^ c0
  high = b1 ^ c1
  b0 = (low << 1) | (high >>> 31)
  b1 = (high << 1) | (low >>> 31)
  scratch[a] = a0
  scratch[a + 1] = a1
  scratch[b] = b0
  scratch[b + 1] = b1
  scratch[c] = c0
  scratch[c + 1] = c1
  scratch[d] = d0
  scratch[d + 1] = d1
}
