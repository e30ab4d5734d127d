/** The maximum number of points of one sharing. All of them fit in one call of the WebAssembly module. */
export const MAX_EVALUATION_POINTS = 8192

/**
 * Checks the points at which a polynomial is evaluated. Distinct points from 1 to 65,535 are also distinct, and not zero,
 * modulo either group order.
 *
 * @throws {RangeError} unless all are integers from 1 to 65,535
 */
export function assertEvaluationPoints(xs: readonly number[]): void {
  for (const x of xs) {
    if (!Number.isInteger(x) || x < 1 || x > 0xffff) {
      throw new RangeError(`an evaluation point must be 1..65535, got ${x}`)
    }
  }
}

/**
 * Checks the points from which a polynomial is interpolated.
 *
 * @throws {RangeError} for a point outside 1..65535, a repeated point, or more than 8,192 points
 */
export function assertDistinctPoints(xs: readonly number[]): void {
  if (xs.length > MAX_EVALUATION_POINTS) {
    throw new RangeError(`at most ${MAX_EVALUATION_POINTS} evaluation points, got ${xs.length}`)
  }
  assertEvaluationPoints(xs)
  if (new Set(xs).size !== xs.length) throw new RangeError('an evaluation point stands twice')
}
