import type { Group, Point, Scalar } from '../curve/group.ts'

/** A Feldman commitment to a polynomial: C_k = f_k·G, constant term first (Feldman, FOCS 1987). */
export type Commitment = readonly Point[]

/** Commits to the coefficients of a polynomial. */
export function commit(group: Group, coefficients: readonly Scalar[]): Commitment {
  return group.multiplyBaseBatch(coefficients)
}

/** The verifying share f(id)·G = Σ id^k·C_k of one party. */
export function verifyingShare(group: Group, commitment: Commitment, id: number): Point {
  return group.evaluateCommitmentVar(commitment, id)
}

/** The verifying shares of many parties, in the order of `ids`. */
export function verifyingShares(group: Group, commitment: Commitment, ids: readonly number[]): Point[] {
  return group.evaluateCommitmentAtVar(commitment, ids)
}

/** Whether `share` is f(id) of the polynomial that was committed to. */
export function verifyShare(group: Group, commitment: Commitment, id: number, share: Scalar): boolean {
  return group.equalPoints(group.multiplyBase(share), verifyingShare(group, commitment, id))
}

/**
 * The commitment to the sum of several dealers' polynomials.
 *
 * @throws {RangeError} if there are none, or if they are commitments to polynomials of different degrees
 */
export function sumCommitments(group: Group, commitments: readonly Commitment[]): Commitment {
  const [first, ...others] = commitments
  if (first === undefined) throw new RangeError('no commitments to add')
  return others.reduce((total, commitment) => {
    if (commitment.length !== total.length) throw new RangeError('commitments to polynomials of different degrees')
    return total.map((point, k) => group.addPoints(point, commitment[k] as Point))
  }, first)
}
