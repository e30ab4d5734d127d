import type { Group, Point, Scalar } from '../../curve/group.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import type { Reader, Writer } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import type { RandomSource } from '../../util/random.ts'

/** A proof that somebody knows x behind X = x·G (Schnorr 1989, made non-interactive by a hash). */
export interface SchnorrProof {
  /** R = k·G, encoded */
  readonly commitment: Uint8Array
  /** z = k + c·x */
  readonly response: Scalar
}

/** The challenge c: a hash of the statement, all that it is bound to, and the encoded R. */
export type Challenge = (commitment: Uint8Array) => Scalar

/** Stands for R where the statement alone is hashed: no encoding of a point is empty. */
const NO_COMMITMENT = new Uint8Array()

/**
 * Proves knowledge of `secret`. The nonce is drawn here and dies here, so no restored state can use it twice; it depends on
 * the secret and on all that the challenge does, so that no repeated randomness gives two proofs one nonce.
 */
export function proveKnowledge(group: Group, secret: Scalar, random: RandomSource, challenge: Challenge): SchnorrProof {
  const statement = challenge(NO_COMMITMENT)
  const nonce = group.randomScalar(hedgedRandom(random, 'proof nonce', secret, statement))
  const commitment = group.encodePoint(group.multiplyBase(nonce))
  const product = group.multiply(challenge(commitment), secret)
  const response = group.add(nonce, product)
  wipe(nonce, product)
  return { commitment, response }
}

export interface Claim {
  /** X */
  readonly point: Point
  readonly proof: SchnorrProof
  readonly challenge: Challenge
}

/**
 * Which of the claims do not hold, by their places.
 *
 * R is computed as z·G − c·X and compared as bytes, so that what was sent is never decoded: a non-canonical or
 * small-order R is just a wrong one.
 */
export function failingClaims(group: Group, claims: readonly Claim[]): number[] {
  const expected = claims.map(({ point, proof, challenge }) =>
    group.linearCombinationVar([group.generator, point], [proof.response, group.negate(challenge(proof.commitment))]),
  )
  // The identity has no encoding; the generator stands in for it and the claim fails by itself.
  const encoded = group.encodePoints(expected.map((point) => (group.isIdentity(point) ? group.generator : point)))
  return claims.flatMap(({ proof }, i) => {
    const holds = !group.isIdentity(expected[i] as Point) && equalBytes(encoded[i] as Uint8Array, proof.commitment)
    return holds ? [] : [i]
  })
}

/** Bytes of a proof on a curve whose points have so many. */
export function proofLength(pointLength: number): number {
  return pointLength + 32
}

/** `R | z[32]` */
export function writeProof(writer: Writer, proof: SchnorrProof): Writer {
  return writer.bytes(proof.commitment).bytes(proof.response)
}

/** @throws {CodecError} if z is not a canonical scalar */
export function readProof(group: Group, reader: Reader): SchnorrProof {
  const commitment = reader.bytes(group.pointLength)
  return { commitment, response: group.decodeScalar(reader.bytes(32), { allowZero: true }) }
}
