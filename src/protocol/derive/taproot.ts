import { sha256 } from '../../symmetric/sha256.ts'
import type { Group, Point, Scalar } from '../../curve/group.ts'
import { abytes, concatBytes, utf8 } from '../../util/bytes.ts'
import { isCodecError } from '../../util/codec.ts'

/** A Taproot output key, and how it follows from the internal key. */
export interface TaprootKey {
  /** Q. Its y may be odd: BIP 340 signs for the one of ±Q whose y is even. */
  readonly outputKey: Point
  /** The x coordinate of Q, 32 bytes big-endian: the output key on the blockchain. */
  readonly xOnly: Uint8Array
  /** The parity of Q's y, which script paths need: 0 for even, 1 for odd. */
  readonly parity: 0 | 1
  /** Whether the internal key has an odd y. Its shares are then negated before the tweak is added. */
  readonly negated: boolean
  /** t, the scalar that is added to the internal key and to its shares */
  readonly tweak: Scalar
}

/**
 * Computes the output key Q = lift_x(P) + t·G with t = hash_TapTweak(P ‖ merkle root) (BIP 341, `taproot_tweak_pubkey`).
 *
 * @param internalKey P
 * @param merkleRoot 32 bytes; absent for a key without scripts (BIP 341, "Constructing and spending Taproot outputs")
 * @throws {RangeError} for a group other than secp256k1, or a tweak that BIP 341 declares invalid (probability below
 *   2^-127)
 */
export function taprootOutputKey(group: Group, internalKey: Point, merkleRoot?: Uint8Array): TaprootKey {
  if (group.curve !== 'secp256k1') throw new RangeError(`Taproot is not defined on ${group.curve}`)
  const root = merkleRoot === undefined ? new Uint8Array(0) : abytes(merkleRoot, 32, 'merkleRoot')
  const negated = !group.hasEvenY(internalKey)
  const lifted = negated ? group.negatePoint(internalKey) : internalKey
  const tag = sha256(utf8('TapTweak'))
  const tweak = decodeTweak(group, sha256(concatBytes(tag, tag, group.encodePoint(lifted).subarray(1), root)))
  const outputKey = group.addPoints(lifted, group.multiplyBase(tweak))
  if (group.isIdentity(outputKey)) throw new RangeError('the tweak cancels the key (BIP 341)')
  const encoded = group.encodePoint(outputKey)
  return { outputKey, xOnly: encoded.slice(1), parity: group.hasEvenY(outputKey) ? 0 : 1, negated, tweak }
}

function decodeTweak(group: Group, bytes: Uint8Array): Scalar {
  try {
    return group.decodeScalar(bytes, { allowZero: true })
  } catch (error) {
    if (isCodecError(error)) throw new RangeError('the tweak is not below the order (BIP 341)', { cause: error })
    throw error
  }
}
