/** The most points of one sharing, so that all of them fit in one call of the module. */
export const MAX_EVALUATION_POINTS = 8192

/**
 * Checks where a polynomial is to be evaluated. Below 2^16, distinct and non-zero points stay so modulo either order.
 *
 * @throws {RangeError} unless all are whole numbers from 1 to 65,535
 */
export function assertEvaluationPoints(xs: readonly number[]): void {
  for (const x of xs) {
    if (!Number.isInteger(x) || x < 1 || x > 0xffff) {
      throw new RangeError(`an evaluation point must be 1..65535, got ${x}`)
    }
  }
}

/**
 * Checks the points that a polynomial is to be interpolated from.
 *
 * @throws {RangeError} for a point outside 1..65535, one that stands twice, or more than 8,192
 */
export function assertDistinctPoints(xs: readonly number[]): void {
  if (xs.length > MAX_EVALUATION_POINTS) {
    throw new RangeError(`at most ${MAX_EVALUATION_POINTS} evaluation points, got ${xs.length}`)
  }
  assertEvaluationPoints(xs)
  if (new Set(xs).size !== xs.length) throw new RangeError('an evaluation point stands twice')
}
