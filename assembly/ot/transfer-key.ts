import { encodePoint } from '../secp256k1/affine'
import { BLOCK_BYTES, compress, DIGEST_BYTES, startStates, STATES_BYTES, storeDigests, wipeSchedule } from './sha256'

/**
 * The keys of base OTs, four at a time: TH("ot-key", otSid, i, b, B_i, r_0, r_1, point) of src/util/tagged-hash.ts, each
 * part after its length.
 */

export const ENCODED_BYTES: usize = 33
export const KEY_BYTES: usize = DIGEST_BYTES

const INDEX: usize = 40
const BRANCH: usize = 48
const REPLY: usize = 56
const FIRST_OFFER: usize = 93
const SECOND_OFFER: usize = 130
const SHARED: usize = 167
const END: usize = 200
/** END with the padding of FIPS 180-4 §5.1.1, behind the block of the tag. */
const LANE_BYTES: i32 = 256

const LANES = memory.data(1024, 16)
const PREFIX = memory.data(128, 16)
const STATES = memory.data(128, 16)

/** @param about the tag's SHA-256 and otSid, 32 bytes each */
export function startKeys(about: usize): void {
  memory.copy(LANES, about, 32)
  memory.copy(LANES + 32, about, 32)
  startStates(PREFIX)
  compress(PREFIX, PREFIX, LANES, 0)
  memory.fill(LANES, 0, 4 * LANE_BYTES)
  for (let lane: usize = LANES; lane < LANES + 4 * LANE_BYTES; lane += LANE_BYTES) {
    store<u8>(lane, 32, 3)
    memory.copy(lane + 4, about + 32, 32)
    store<u8>(lane, 4, INDEX - 1)
    store<u8>(lane, 4, BRANCH - 1)
    store<u8>(lane, <u8>ENCODED_BYTES, REPLY - 1)
    store<u8>(lane, <u8>ENCODED_BYTES, FIRST_OFFER - 1)
    store<u8>(lane, <u8>ENCODED_BYTES, SECOND_OFFER - 1)
    store<u8>(lane, <u8>ENCODED_BYTES, SHARED - 1)
    store<u8>(lane, 0x80, END)
    store<u32>(lane, bswap<u32>((BLOCK_BYTES + <i32>END) << 3), LANE_BYTES - 4)
  }
}

/** What the key of a lane is hashed from: B_i, r_0 ‖ r_1, and a stored point. */
export function putKey(lane: usize, index: u32, branch: u32, reply: usize, offers: usize, point: usize): void {
  const at = LANES + lane * LANE_BYTES
  store<u32>(at, bswap<u32>(index), INDEX)
  store<u32>(at, bswap<u32>(branch), BRANCH)
  memory.copy(at + REPLY, reply, ENCODED_BYTES)
  memory.copy(at + FIRST_OFFER, offers, ENCODED_BYTES)
  memory.copy(at + SECOND_OFFER, offers + ENCODED_BYTES, ENCODED_BYTES)
  encodePoint(at + SHARED, point)
}

/** Writes the four keys. */
export function hashKeys(out: usize): void {
  compress(STATES, PREFIX, LANES, LANE_BYTES)
  for (let block = BLOCK_BYTES; block < LANE_BYTES; block += BLOCK_BYTES) {
    compress(STATES, STATES, LANES + block, LANE_BYTES)
  }
  storeDigests(out, DIGEST_BYTES, STATES)
}

export function wipeKeys(): void {
  memory.fill(LANES, 0, 4 * LANE_BYTES)
  memory.fill(PREFIX, 0, STATES_BYTES)
  memory.fill(STATES, 0, STATES_BYTES)
  wipeSchedule()
}
