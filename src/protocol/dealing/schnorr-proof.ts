import type { Group, Point, Scalar } from '../../curve/group.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import type { Reader, Writer } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import type { RandomSource } from '../../util/random.ts'

/** A Schnorr proof of knowledge of x with X = x·G (Schnorr 1989), made non-interactive by a hash (Fiat–Shamir). */
export interface SchnorrProof {
  /** R = k·G, encoded */
  readonly commitment: Uint8Array
  /** z = k + c·x */
  readonly response: Scalar
}

/** The challenge c: a hash of the statement, of everything that the proof is bound to, and of the encoded R. */
export type Challenge = (commitment: Uint8Array) => Scalar

/** Takes the place of R where only the statement is hashed. No encoded point is empty, so the two cannot collide. */
const NO_COMMITMENT = new Uint8Array()

/**
 * Proves knowledge of `secret`.
 *
 * The nonce is drawn and wiped within this call, so no restored state can use it twice. It depends on the secret and on
 * everything that the challenge depends on, so repeated randomness does not give two different proofs the same nonce.
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

/** A proof and the statement that it has to prove. */
export interface Claim {
  /** X */
  readonly point: Point
  readonly proof: SchnorrProof
  readonly challenge: Challenge
}

/**
 * The indices of the claims that do not hold.
 *
 * R is computed as z·G − c·X and compared as bytes, so the received R is never decoded. A non-canonical or small-order
 * R simply does not match.
 */
export function failingClaims(group: Group, claims: readonly Claim[]): number[] {
  const expected = claims.map(({ point, proof, challenge }) =>
    group.linearCombinationVar([group.generator, point], [proof.response, group.negate(challenge(proof.commitment))]),
  )
  // The identity has no encoding: the generator is encoded in its place, and the claim fails below.
  const encoded = group.encodePoints(expected.map((point) => (group.isIdentity(point) ? group.generator : point)))
  return claims.flatMap(({ proof }, i) => {
    const holds = !group.isIdentity(expected[i] as Point) && equalBytes(encoded[i] as Uint8Array, proof.commitment)
    return holds ? [] : [i]
  })
}

/** Length in bytes of a proof on a curve with encoded points of `pointLength` bytes. */
export function proofLength(pointLength: number): number {
  return pointLength + 32
}

/** Writes `R | z[32]`. */
export function writeProof(writer: Writer, proof: SchnorrProof): Writer {
  return writer.bytes(proof.commitment).bytes(proof.response)
}

/** Reads a proof. R is not decoded. @throws {CodecError} if z is not a canonical scalar */
export function readProof(group: Group, reader: Reader): SchnorrProof {
  const commitment = reader.bytes(group.pointLength)
  return { commitment, response: group.decodeScalar(reader.bytes(32), { allowZero: true }) }
}
