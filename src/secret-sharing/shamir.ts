import { assertDistinctPoints, MAX_EVALUATION_POINTS } from '../curve/evaluation-points.ts'
import type { Group, Scalar } from '../curve/group.ts'
import { wipe } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import { weightedSum } from './scalars.ts'

/** One party's share of a Shamir sharing: f(id). */
export interface Share {
  /** 1 to 65,535. The parties of a protocol have a `PartyId`, which ends at 255; a sharing alone may have more. */
  readonly id: number
  readonly value: Scalar
}

function assertThreshold(threshold: number): void {
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > MAX_EVALUATION_POINTS) {
    throw new RangeError(`threshold must be 1..${MAX_EVALUATION_POINTS}, got ${threshold}`)
  }
}

/**
 * A random polynomial f of degree t−1 with f(0) = `constant`, as its t coefficients from the constant up.
 *
 * The coefficients are secret; the caller wipes them. The first one is a copy.
 *
 * @param threshold t, 1 to 8,192
 * @throws {RangeError} for a threshold outside 1..8192
 */
export function randomPolynomial(group: Group, constant: Scalar, threshold: number, random: RandomSource): Scalar[] {
  assertThreshold(threshold)
  const higher = Array.from({ length: threshold - 1 }, () => group.randomScalar(random))
  return [constant.slice() as Scalar, ...higher]
}

/** @throws {RangeError} unless 1 ≤ t ≤ n ≤ 8,192 and the ids are distinct, 1 to 65,535 */
export function assertSharing(threshold: number, ids: readonly number[]): void {
  assertThreshold(threshold)
  if (threshold > ids.length) throw new RangeError(`${ids.length} parties cannot hold shares of threshold ${threshold}`)
  assertDistinctPoints(ids)
}

/**
 * Splits a secret into shares of which any `threshold` recombine (Shamir, How to share a secret, 1979).
 *
 * A dealer knows the secret: wallets never call this on a key, only the protocols that add up several dealers' shares.
 * Takes t·n products of a scalar and an id.
 *
 * @param threshold t, 1 ≤ t ≤ the number of ids
 * @param ids distinct, 1 to 65,535, at most 8,192 of them
 * @throws {RangeError} for a threshold outside that range, an id outside 1..65535 or one that stands twice
 */
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
 * The secret behind at least `threshold` shares: Σ λ_i·s_i.
 *
 * It does not notice a wrong share: the caller compares secret·G with the public key. Takes n²/4 products of
 * scalars.
 *
 * @throws {RangeError} for fewer than `threshold` shares or an id that stands twice
 */
export function recombine(group: Group, shares: readonly Share[], threshold: number): Scalar {
  if (shares.length < threshold) throw new RangeError(`${shares.length} shares do not meet threshold ${threshold}`)
  return weightedSum(
    group,
    group.lagrangeCoefficients(shares.map(({ id }) => id)),
    shares.map(({ value }) => value),
  )
}
