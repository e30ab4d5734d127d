import { BLOCK_BYTES, STATES_BYTES, compress, startStates, storeDigests } from './sha256'

/**
 * The tagged hash of src/protocol/transcript/transcript.ts in the form `TH(tag, context ‖ 0^24, item)`. The tag's two digests
 * fill the first block. The lengths and the padded context of 32 bytes fill the second block exactly. Both blocks are public
 * and hashed once for a whole batch of items. An item of up to 55 bytes then takes one block.
 */

const TAG_BYTES: i32 = 64
const PADDED_CONTEXT_BYTES: i32 = 56

/** Four message blocks, one for each lane. Callers that write secrets to them wipe them with {@link wipeBlocks}. */
export const BLOCKS = memory.data(256, 16)
const BLOCKS_BYTES: i32 = 256
const STATES = memory.data(128, 16)
const LEAF_DIGESTS = memory.data(128, 16)
const LEAF_DIGESTS_BYTES: i32 = 128

/** Hashes the prefix for items of `itemBytes` bytes in all four lanes. */
export function startTagged(states: usize, tagDigest: usize, context: usize, itemBytes: i32): void {
  memory.copy(BLOCKS, tagDigest, 32)
  memory.copy(BLOCKS + 32, tagDigest, 32)
  startStates(states)
  compress(states, states, BLOCKS, 0)
  memory.fill(BLOCKS, 0, BLOCK_BYTES)
  store<u32>(BLOCKS, bswap<u32>(PADDED_CONTEXT_BYTES))
  memory.copy(BLOCKS + 4, context, 32)
  store<u32>(BLOCKS + 60, bswap<u32>(itemBytes))
  compress(states, states, BLOCKS, 0)
}

/** Clears the blocks and writes the padding (FIPS 180-4 §5.1.1) of items with `tailBytes` < 56 bytes in their last block. */
export function padBlocks(tailBytes: i32, itemBytes: i32): void {
  memory.fill(BLOCKS, 0, BLOCKS_BYTES)
  for (let lane: usize = 0; lane < 4; lane++) {
    const block = BLOCKS + lane * BLOCK_BYTES
    store<u8>(block + tailBytes, 0x80)
    store<u32>(block + 60, bswap<u32>((TAG_BYTES + BLOCK_BYTES + itemBytes) << 3))
  }
}

/** Hashes the padded items in {@link BLOCKS}. Writes the digest of lane l to `out + l·stride`. */
export function hashBlocks(out: usize, stride: usize, prefix: usize): void {
  compress(STATES, prefix, BLOCKS, BLOCK_BYTES)
  storeDigests(out, stride, STATES)
}

/**
 * Hashes long public data as a tree of two levels, so that each lane hashes one quarter of it: TH(tag, context, Q_0 ‖ Q_1 ‖
 * Q_2 ‖ Q_3) with Q_l = TH(tag, context, quarter l ‖ u32 l). Leaves and root have different lengths.
 *
 * @param quarterBytes a multiple of 64
 * @param out output: four copies of the digest
 */
export function hashQuarters(out: usize, tagDigest: usize, context: usize, data: usize, quarterBytes: i32): void {
  startTagged(STATES, tagDigest, context, quarterBytes + 4)
  for (let offset = 0; offset < quarterBytes; offset += BLOCK_BYTES) {
    compress(STATES, STATES, data + offset, quarterBytes)
  }
  padBlocks(4, quarterBytes + 4)
  for (let lane: u32 = 0; lane < 4; lane++) store<u32>(BLOCKS + lane * BLOCK_BYTES, bswap<u32>(lane))
  compress(STATES, STATES, BLOCKS, BLOCK_BYTES)
  storeDigests(LEAF_DIGESTS, 32, STATES)

  startTagged(STATES, tagDigest, context, 128)
  compress(STATES, STATES, LEAF_DIGESTS, 0)
  compress(STATES, STATES, LEAF_DIGESTS + 64, 0)
  padBlocks(0, 128)
  compress(STATES, STATES, BLOCKS, BLOCK_BYTES)
  storeDigests(out, 0, STATES)
}

export function wipeBlocks(): void {
  memory.fill(BLOCKS, 0, BLOCKS_BYTES)
  memory.fill(STATES, 0, STATES_BYTES)
  memory.fill(LEAF_DIGESTS, 0, LEAF_DIGESTS_BYTES)
}
