import type { Curve } from '../../types.ts'
import { abytes, concatBytes, wipe } from '../../util/bytes.ts'
import { callModule } from '../../wasm/call.ts'
import { CallStatus } from '../../wasm/instance.ts'
import { assertDistinctPoints, assertEvaluationPoints } from '../evaluation-points.ts'
import type { Group, Point, Scalar } from '../group.ts'
import {
  asPoint,
  assertPairs,
  BATCH,
  coordinates,
  idBytes,
  identityBytes,
  inBatches,
  POINT_BYTES,
  SCALAR_BYTES,
  scalarBytes,
  chunksOf,
} from './encoding.ts'

/** Maximum number of a polynomial's coefficients in one call, so that all inputs fit in the arena. */
const COEFFICIENTS = 900

/** Maximum number of commitments to coefficients in one call, so that they and a batch of results fit in the arena. */
const COMMITMENTS = 640

/** Maximum number of points in one call of `powerSums`: with more, its sums could overflow before they are reduced. */
const POWER_BATCH = 128

type Sharing = Pick<
  Group,
  'evaluatePolynomial' | 'powerSums' | 'lagrangeCoefficients' | 'evaluateCommitmentVar' | 'evaluateCommitmentAtVar'
>

/** The secret-sharing operations of a {@link Group}, on the WebAssembly module. */
export function sharingOperations(curve: Curve): Sharing {
  /** f(x) for at most a batch of points. Starts with the highest coefficients. */
  const evaluateBatch = (coefficients: readonly Scalar[], xs: Uint8Array, count: number): Uint8Array => {
    let sums = new Uint8Array(SCALAR_BYTES * count)
    for (const [from, to] of chunks(coefficients.length).reverse()) {
      const inputs = [coefficients.slice(from, to).map(scalarBytes), xs, sums]
      const { bytes } = callModule(curve, sums.length, inputs, (core, r, f, x, s) =>
        core.evaluatePolynomial(r, f, x, s, to - from, count),
      )
      wipe(sums)
      sums = bytes as typeof sums
    }
    return sums
  }

  /** Σ x^k·commitments[k] for at most a batch of points, with 1 to {@link COMMITMENTS} commitments. */
  const evaluateCommitments = (commitments: readonly Point[], xs: readonly number[]): Point[] => {
    const inputs = [commitments.map(coordinates), idBytes(xs)]
    const { bytes } = callModule(curve, POINT_BYTES * xs.length, inputs, (core, r, at, x) =>
      core.evaluateCommitmentVar(r, at, x, commitments.length, xs.length),
    )
    return chunksOf(bytes, POINT_BYTES).map(asPoint)
  }

  const evaluateLongCommitment = (commitments: readonly Point[], x: number): Point => {
    let sum: Point | undefined
    for (const [from, to] of chunks(commitments.length, COMMITMENTS - 1).reverse()) {
      // The sum of the higher coefficients acts as one more coefficient, the highest.
      const points = [...commitments.slice(from, to), ...(sum === undefined ? [] : [sum])]
      sum = evaluateCommitments(points, [x])[0]
    }
    return sum ?? asPoint(identityBytes(curve))
  }

  const evaluateCommitmentAtVar = (commitments: readonly Point[], xs: readonly number[]): Point[] => {
    assertEvaluationPoints(xs)
    return commitments.length === 0 || commitments.length > COMMITMENTS
      ? xs.map((x) => evaluateLongCommitment(commitments, x))
      : inBatches(xs.length, BATCH, (from, to) => evaluateCommitments(commitments, xs.slice(from, to)))
  }

  return {
    evaluatePolynomial(coefficients, xs) {
      assertEvaluationPoints(xs)
      return inBatches(xs.length, BATCH, (from, to) => {
        const bytes = evaluateBatch(coefficients, idBytes(xs.slice(from, to)), to - from)
        const values = chunksOf(bytes, SCALAR_BYTES) as Scalar[]
        wipe(bytes)
        return values
      })
    },

    powerSums(weights, xs, count) {
      assertPairs(xs, weights)
      assertEvaluationPoints(xs)
      let totals = Array.from({ length: count }, () => new Uint8Array(SCALAR_BYTES) as Scalar)
      for (let first = 0; first < xs.length; first += POWER_BATCH) {
        const batch = idBytes(xs.slice(first, first + POWER_BATCH))
        let powers = concatBytes(
          ...weights.slice(first, first + POWER_BATCH).map((weight) => abytes(weight, SCALAR_BYTES, 'weight')),
        )
        const sums = chunks(count).flatMap(([from, to]) => {
          const length = SCALAR_BYTES * (to - from)
          const { bytes } = callModule(curve, length + powers.length, [powers, batch], (core, r, w, x) =>
            core.powerSums(r, w, x, to - from, batch.length / 4),
          )
          powers = bytes.slice(length)
          return chunksOf(bytes.subarray(0, length), SCALAR_BYTES)
        })
        totals = first === 0 ? (sums as Scalar[]) : addAll(curve, totals, sums as Scalar[])
      }
      return totals
    },

    lagrangeCoefficients(xs) {
      assertDistinctPoints(xs)
      const points = idBytes(xs)
      return inBatches(xs.length, BATCH, (from, to) => {
        const { status, bytes } = callModule(curve, SCALAR_BYTES * (to - from), [points], (core, r, x) =>
          core.lagrangeCoefficients(r, x, xs.length, from, to - from),
        )
        if (status !== CallStatus.ok) throw new RangeError('an evaluation point stands twice')
        return chunksOf(bytes, SCALAR_BYTES) as Scalar[]
      })
    },

    evaluateCommitmentVar: (commitments, x) => evaluateCommitmentAtVar(commitments, [x])[0] as Point,
    evaluateCommitmentAtVar,
  }
}

/** Splits the indices of `count` coefficients into ranges of at most `size`, the lowest first. */
function chunks(count: number, size = COEFFICIENTS): [from: number, to: number][] {
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => [i * size, Math.min((i + 1) * size, count)])
}

function addAll(curve: Curve, totals: readonly Scalar[], addends: readonly Scalar[]): Scalar[] {
  return totals.map((total, i) => {
    const pair = [total, addends[i] as Scalar]
    return callModule(curve, SCALAR_BYTES, pair, (core, r, a, b) => core.addScalars(r, a, b)).bytes as Scalar
  })
}
