import { concatBytes, wipe } from '../../util/bytes.ts'
import { blake2b } from './blake2b.ts'

// Argon2id with one lane (RFC 9106 §3.2): what is before and after the blocks, and the order in which they are filled.

/** The parameters of a derivation. */
export interface Argon2Parameters {
  /** Secret. */
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly memoryKiB: number
  readonly passes: number
  /** Of the result, in bytes; at most 64. */
  readonly tagLength: number
}

/** The memory of a derivation. */
export interface Argon2Memory {
  /** Blocks of 1,024 bytes. Their content is defined before the first is filled and after the last. */
  readonly blocks: Uint8Array
  /** How many blocks are filled between two looks at the clock: what takes about a millisecond. */
  readonly step: number
  /** Fills blocks, counted over all passes, from one to before another. */
  fill(from: number, to: number): void
  /** Overwrites the memory with zeros. */
  wipe(): void
}

const BLOCK = 1024
const VERSION = 0x13
const ARGON2ID = 2

/** After this time the event loop gets its turn. */
const SLICE_MS = 20

/** How many blocks there are: a multiple of four (RFC 9106 §3.2, step 3). */
export function countBlocks(memoryKiB: number): number {
  return 4 * Math.floor(memoryKiB / 4)
}

/**
 * Derives a tag in slices of some milliseconds.
 *
 * @param memory fresh, of these parameters; it is wiped
 * @param onSlice called after each slice with the fraction that is done; what it throws ends the derivation
 * @returns the tag: secret, the caller wipes it
 */
export async function fillArgon2(
  parameters: Argon2Parameters,
  memory: Argon2Memory,
  onSlice: (fraction: number) => void,
): Promise<Uint8Array> {
  const { blocks } = memory
  const count = blocks.length / BLOCK
  const total = count * parameters.passes
  try {
    writeFirstBlocks(parameters, blocks)
    let began = Date.now()
    for (let step = 2; step < total; step += memory.step) {
      const now = Date.now()
      // A clock may be set back.
      if (now - began >= SLICE_MS || now < began) {
        onSlice(step / total)
        await nextTick()
        began = Date.now()
      }
      memory.fill(step, Math.min(step + memory.step, total))
    }
    return longHash(blocks.subarray(-BLOCK), parameters.tagLength)
  } finally {
    memory.wipe()
  }
}

function writeFirstBlocks(
  { password, salt, memoryKiB, passes, tagLength }: Argon2Parameters,
  blocks: Uint8Array,
): void {
  const numbers = [1, tagLength, memoryKiB, passes, VERSION, ARGON2ID].map(word)
  // Only one copy of the password, which is wiped below.
  const [passwordLength, saltLength, none] = [password.length, salt.length, 0].map(word) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const input = concatBytes(...numbers, passwordLength, password, saltLength, salt, none, none)
  const first = blake2b(input, 64)
  for (const i of [0, 1]) {
    const seed = concatBytes(first, word(i), word(0))
    const block = longHash(seed, BLOCK)
    blocks.set(block, i * BLOCK)
    wipe(seed, block)
  }
  wipe(input, first)
}

/** H' of RFC 9106 §3.3, for a length of at most 64, or of a multiple of 32. */
function longHash(bytes: Uint8Array, length: number): Uint8Array {
  const input = concatBytes(word(length), bytes)
  let hash = blake2b(input, Math.min(length, 64))
  wipe(input)
  if (length <= 64) return hash
  const out = new Uint8Array(length)
  // Half of each hash counts, and all of the last one.
  for (let at = 0; ; at += 32) {
    out.set(hash, at)
    if (at + 64 === length) break
    const next = blake2b(hash, 64)
    wipe(hash)
    hash = next
  }
  wipe(hash)
  return out
}

/** Gives the event loop its turn, and goes on soon after. */
function nextTick(): Promise<void> {
  const { scheduler } = globalThis as { readonly scheduler?: { yield?(): Promise<void> } }
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve))
}

/** A number of 32 bits, little-endian. */
function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}
