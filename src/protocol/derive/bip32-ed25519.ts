import { hmacSha512 } from '../../symmetric/hmac.ts'
import type { Group, Scalar } from '../../curve/group.ts'
import { concatBytes } from '../../util/bytes.ts'

/**
 * What a child's key adds to its parent's, and the child's chain code: BIP32-Ed25519 (Khovratovich, Law, _Hierarchical
 * Deterministic Keys over a Non-linear Keyspace_, 2017), as Cardano and BitGo use it.
 *
 * `Z = HMAC-SHA512(c, 0x02 ‖ A ‖ i)`, with i of 4 bytes little-endian, gives the tweak 8·zL, where zL is the first 28 bytes
 * of Z as a little-endian number. The last 32 bytes of `HMAC-SHA512(c, 0x03 ‖ A ‖ i)` are the chain code.
 *
 * @param parent A, 32 bytes (RFC 8032)
 * @param chainCode c, 32 bytes
 * @param index below 2^31
 */
export function ed25519Step(
  group: Group,
  parent: Uint8Array,
  chainCode: Uint8Array,
  index: number,
): { readonly tweak: Scalar; readonly chainCode: Uint8Array } {
  const encodedIndex = new Uint8Array(4)
  new DataView(encodedIndex.buffer).setUint32(0, index, true)
  const digest = (tag: number) => hmacSha512(chainCode, concatBytes(Uint8Array.of(tag), parent, encodedIndex))
  const left = new Uint8Array(32)
  left.set(digest(2).subarray(0, 28))
  const tweak = group.multiply(group.scalar(8), group.decodeScalar(left, { allowZero: true }))
  return { tweak, chainCode: digest(3).slice(32) }
}
