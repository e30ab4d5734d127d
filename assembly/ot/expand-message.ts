import { BLOCK_BYTES, compress, DIGEST_BYTES, startStates, STATES_BYTES, storeDigests, wipeSchedule } from './sha256'

/**
 * expand_message_xmd with SHA-256 (RFC 9380 §5.3.1) to 96 bytes, for four messages of equal length at once.
 */

const EXPANDED_BYTES: i32 = 96
/** Bytes for 64 zeros, a message, three bytes, a domain separation tag of up to 255 bytes, and its length. */
const LANE_BYTES: i32 = 1024
const LANES = memory.data(4096, 16)
const LANES_BYTES: i32 = 4096
const STATES = memory.data(128, 16)
const SEED = memory.data(128, 16)

export const MESSAGE_MAX_BYTES: i32 = 640

/** Expands four messages, `stride` bytes apart, to 96 bytes each at `out`. */
export function expandFour(
  out: usize,
  messages: usize,
  stride: usize,
  length: i32,
  domain: usize,
  domainLength: i32,
): void {
  // Z_pad ‖ msg ‖ I2OSP(96, 2) ‖ 0 ‖ DST ‖ len(DST)
  for (let lane: usize = 0; lane < 4; lane++) {
    const buffer = LANES + lane * LANE_BYTES
    memory.fill(buffer, 0, LANE_BYTES)
    memory.copy(buffer + BLOCK_BYTES, messages + lane * stride, length)
    const end = buffer + BLOCK_BYTES + length
    store<u8>(end, <u8>EXPANDED_BYTES, 1)
    appendDomain(end + 3, domain, domainLength)
  }
  hashLanes(BLOCK_BYTES + length + 3 + domainLength + 1)
  storeDigests(SEED, DIGEST_BYTES, STATES)

  // b_i = H((b_0 ⊕ b_{i−1}) ‖ i ‖ DST ‖ len(DST)); for i = 1 the first part is b_0
  for (let i: usize = 1; i <= 3; i++) {
    for (let lane: usize = 0; lane < 4; lane++) {
      const buffer = LANES + lane * LANE_BYTES
      const seed = SEED + lane * DIGEST_BYTES
      const previous = out + lane * EXPANDED_BYTES + (i - 2) * DIGEST_BYTES
      memory.fill(buffer, 0, LANE_BYTES)
      for (let half: usize = 0; half < 32; half += 16) {
        const chained = i == 1 ? i64x2.splat(0) : v128.load(previous + half)
        v128.store(buffer + half, v128.xor(v128.load(seed + half), chained))
      }
      store<u8>(buffer, <u8>i, 32)
      appendDomain(buffer + 33, domain, domainLength)
    }
    hashLanes(33 + domainLength + 1)
    storeDigests(out + (i - 1) * DIGEST_BYTES, EXPANDED_BYTES, STATES)
  }
  memory.fill(LANES, 0, LANES_BYTES)
  memory.fill(STATES, 0, STATES_BYTES)
  memory.fill(SEED, 0, STATES_BYTES)
  wipeSchedule()
}


@inline
function appendDomain(at: usize, domain: usize, domainLength: i32): void {
  memory.copy(at, domain, domainLength)
  store<u8>(at + domainLength, <u8>domainLength)
}

/** Pads and hashes the first `length` bytes of each lane's buffer. */
function hashLanes(length: i32): void {
  const blocks = (length + 9 + BLOCK_BYTES - 1) / BLOCK_BYTES
  for (let lane: usize = 0; lane < 4; lane++) {
    const buffer = LANES + lane * LANE_BYTES
    store<u8>(buffer + length, 0x80)
    store<u32>(buffer + blocks * BLOCK_BYTES - 4, bswap<u32>(length << 3))
  }
  startStates(STATES)
  for (let block = 0; block < blocks; block++) compress(STATES, STATES, LANES + block * BLOCK_BYTES, LANE_BYTES)
}
