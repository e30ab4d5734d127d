import type { Group } from '../curve/group.ts'
import { wipe } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import { type Commitment, verifyShare } from './feldman.ts'
import { weightedSum } from './scalars.ts'
import type { Share } from './shamir.ts'

/** Up to this number, shares are checked one by one, which takes less time than a combination of all t points. */
const FEW = 4

/**
 * Finds the shares that are not f(id) of the polynomial that was committed to.
 *
 * All shares are checked at once, as Σ ρ_j·s_j·G = Σ_k (Σ_j ρ_j·id_j^k)·C_k with random weights ρ_j (Bellare, Garay, Rabin,
 * _Fast batch verification_, EUROCRYPT 1998). If that fails, each half of them is checked in the same way, and so on. A
 * wrong share is overlooked with a probability of 1/q.
 *
 * If all n shares are right, it takes t·n products of scalars and one combination of t points. With w wrong shares it takes
 * at most w·log n times as long.
 *
 * @param random must be unpredictable for whoever made the shares
 * @returns the ids of the wrong shares, in the order of `shares`
 * @throws {RangeError} for an id outside 1..65535
 */
export function findWrongShares(
  group: Group,
  commitment: Commitment,
  shares: readonly Share[],
  random: RandomSource,
): number[] {
  if (shares.length <= FEW) {
    return shares.filter(({ id, value }) => !verifyShare(group, commitment, id, value)).map(({ id }) => id)
  }
  if (areRight(group, commitment, shares, random)) return []
  const middle = shares.length >> 1
  return [shares.slice(0, middle), shares.slice(middle)].flatMap((half) =>
    findWrongShares(group, commitment, half, random),
  )
}

function areRight(group: Group, commitment: Commitment, shares: readonly Share[], random: RandomSource): boolean {
  const weights = shares.map(() => group.randomScalar(random))
  const ids = shares.map(({ id }) => id)
  const exponents = group.powerSums(weights, ids, commitment.length)
  const combined = weightedSum(
    group,
    weights,
    shares.map(({ value }) => value),
  )
  try {
    // Variable time: weights, commitment and ids are public, and so are the exponents.
    return group.equalPoints(group.multiplyBase(combined), group.linearCombinationVar(commitment, exponents))
  } finally {
    wipe(combined)
  }
}
