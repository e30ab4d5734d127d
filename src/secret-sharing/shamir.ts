import { assertDistinctPoints, MAX_EVALUATION_POINTS } from '../curve/evaluation-points.ts'
import type { Group, Scalar } from '../curve/group.ts'
import { wipe } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import { weightedSum } from './scalars.ts'

/** One party's share of a Shamir sharing: f(id). */
export interface Share {
  /** The point at which the polynomial is evaluated, 1 to 65,535. The parties of a protocol are limited to 1 to 255. */
  readonly id: number
  /** f(id). Secret. */
  readonly value: Scalar
}

function assertThreshold(threshold: number): void {
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > MAX_EVALUATION_POINTS) {
    throw new RangeError(`threshold must be 1..${MAX_EVALUATION_POINTS}, got ${threshold}`)
  }
}

/**
 * Draws a random polynomial f of degree t−1 with f(0) = `constant`.
 *
 * @param threshold t, 1 to 8,192
 * @returns its t coefficients, constant term first; the caller wipes them. The first one is a copy of `constant`.
 * @throws {RangeError} for a threshold outside 1..8192
 */
export function randomPolynomial(group: Group, constant: Scalar, threshold: number, random: RandomSource): Scalar[] {
  assertThreshold(threshold)
  const higher = Array.from({ length: threshold - 1 }, () => group.randomScalar(random))
  return [constant.slice() as Scalar, ...higher]
}

/** @throws {RangeError} unless 1 ≤ t ≤ n ≤ 8,192, and the ids are distinct and from 1 to 65,535 */
export function assertSharing(threshold: number, ids: readonly number[]): void {
  assertThreshold(threshold)
  if (threshold > ids.length) throw new RangeError(`${ids.length} parties cannot hold shares of threshold ${threshold}`)
  assertDistinctPoints(ids)
}

/**
 * Splits a secret into shares. Any `threshold` of them recover it (Shamir, _How to share a secret_, 1979).
 *
 * Whoever calls it knows the secret. The key of a wallet is never split like this: it is the sum of several dealers'
 * secrets. Takes t·n products of a scalar and an id.
 *
 * @param threshold t, from 1 to the number of ids
 * @param ids distinct, from 1 to 65,535, at most 8,192 of them
 * @throws {RangeError} for a threshold outside that range, an id outside 1..65535, or a repeated id
 * @internal tests and benchmarks use it
 */
// eslint-disable-next-line max-params -- a secret, (t, n) as in the paper, and what all of this room takes
export function split(
  group: Group,
  secret: Scalar,
  threshold: number,
  ids: readonly number[],
  random: RandomSource,
): Share[] {
  assertSharing(threshold, ids)
  const coefficients = randomPolynomial(group, secret, threshold, random)
  try {
    const values = group.evaluatePolynomial(coefficients, ids)
    return ids.map((id, i) => ({ id, value: values[i] as Scalar }))
  } finally {
    wipe(...coefficients)
  }
}

/**
 * Recovers the secret from at least `threshold` shares: Σ λ_i·s_i.
 *
 * A wrong share is not noticed: compare secret·G with the public key. Takes n²/4 products of scalars.
 *
 * @throws {RangeError} for fewer than `threshold` shares, or a repeated id
 */
export function recombine(group: Group, shares: readonly Share[], threshold: number): Scalar {
  if (shares.length < threshold) throw new RangeError(`${shares.length} shares do not meet threshold ${threshold}`)
  return weightedSum(
    group,
    group.lagrangeCoefficients(shares.map(({ id }) => id)),
    shares.map(({ value }) => value),
  )
}
