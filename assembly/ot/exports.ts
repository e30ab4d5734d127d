import { BATCH_STRIDE, storeJacobian } from '../secp256k1/affine'
import { mapToCurve, UNIFORM_BYTES, wipeMap } from '../secp256k1/hash-to-curve'
import { wipeScratch, WORK } from '../memory'
import { expandFour } from './expand-message'
import { OT_ARENA, OT_ARENA_BYTES } from './memory'

export { offer as baseOtOffer, respond as baseOtRespond, finish as baseOtFinish } from './base-ot'
export { receive as reversedOtReceive, send as reversedOtSend } from './reversed-ot'
export { start as voleStart, multiply as voleMultiply, finish as voleFinish } from './vole'

/** Offset of the arena for inputs and outputs of oblivious transfer. */
export function otArena(): usize {
  return OT_ARENA
}

export function otArenaBytes(): i32 {
  return OT_ARENA_BYTES
}

/**
 * Hashes messages of equal length to stored points.
 *
 * @param uniform work space of 96 bytes for each message
 * @param count a multiple of 4, at most 256
 */
export function hashToCurve(
  out: usize,
  uniform: usize,
  messages: usize,
  length: i32,
  count: i32,
  domain: usize,
  domainLength: i32,
): void {
  for (let i = 0; i < count; i += 4) {
    expandFour(uniform + <usize>i * UNIFORM_BYTES, messages + i * length, length, length, domain, domainLength)
  }
  mapToCurve(WORK, uniform, count)
  storeJacobian(out, WORK, count)
  memory.fill(WORK, 0, <usize>count * BATCH_STRIDE)
  wipeMap()
  wipeScratch()
}
