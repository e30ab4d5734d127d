// A separate module: the memory of Argon2id (RFC 9106 §3.4, version 0x13) with one lane. What is before and after, the hashes
// with BLAKE2b, is in src/backup/methods/argon2-wasm.ts.
import { BLOCK, compress } from './block'

// Offsets. The first page has what is not of the blocks.
const ZERO: usize = 0
const INPUT: usize = 1024
const ADDRESSES: usize = 2048
const SCRATCH: usize = 3072
const BLOCKS: usize = 65536

/** Pseudo-random words in a block of addresses. */
const WORDS = 128

/**
 * Fills blocks. The first two are there.
 *
 * @param from the first block to fill, counted over all passes
 * @param to behind the last one
 * @param count blocks in the memory, a multiple of four
 */
export function fill(from: u32, to: u32, count: u32, passes: u32): void {
  const segment = count / 4
  for (let step = from; step < to; step++) {
    const pass = step / count
    const position = step % count
    const slice = position / segment
    const index = position % segment
    const previous = BLOCKS + BLOCK * <usize>(position == 0 ? count - 1 : position - 1)
    // Which blocks are read in the first half of the first pass does not depend on the password.
    let word: u64
    if (pass == 0 && slice < 2) {
      if (index % WORDS == 0 || step == 2) writeAddresses(slice, index / WORDS + 1, count, passes)
      word = load<u64>(ADDRESSES + 8 * <usize>(index % WORDS))
    } else word = load<u64>(previous)
    const reference = BLOCKS + BLOCK * <usize>referenceOf(<u32>word, pass, slice, index, count)
    compress(previous, reference, BLOCKS + BLOCK * <usize>position, pass > 0, SCRATCH)
  }
}

function writeAddresses(slice: u32, counter: u32, count: u32, passes: u32): void {
  store<u64>(INPUT, 0)
  store<u64>(INPUT + 8, 0)
  store<u64>(INPUT + 16, slice)
  store<u64>(INPUT + 24, count)
  store<u64>(INPUT + 32, passes)
  store<u64>(INPUT + 40, 2)
  store<u64>(INPUT + 48, counter)
  compress(ZERO, INPUT, ADDRESSES, false, SCRATCH)
  compress(ZERO, ADDRESSES, ADDRESSES, false, SCRATCH)
}

/** The block that a word stands for: of those filled last, the later ones more often (RFC 9106 §3.4.1.1, §3.4.2). */
function referenceOf(word: u32, pass: u32, slice: u32, index: u32, count: u32): u32 {
  const segment = count / 4
  const area = (pass == 0 ? slice * segment : count - segment) + index - 1
  const x = <u32>((<u64>word * word) >> 32)
  const y = <u32>((<u64>area * x) >> 32)
  const start = pass == 0 || slice == 3 ? 0 : (slice + 1) * segment
  return (start + area - 1 - y) % count
}
