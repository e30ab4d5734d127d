import type { Group } from '../curve/group.ts'
import { wipe } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import { type Commitment, verifyShare } from './feldman.ts'
import { weightedSum } from './scalars.ts'
import type { Share } from './shamir.ts'

/** So few shares are checked one by one: each then costs less than a combination of all t points. */
const FEW = 4

/**
 * The ids of the shares that are not f(id) of the committed polynomial, in the order of `shares`.
 *
 * All are checked at once, as Σ ρ_j·s_j·G = Σ_k (Σ_j ρ_j·id_j^k)·C_k with random weights ρ_j (Bellare, Garay, Rabin,
 * _Fast batch verification_, EUROCRYPT 1998), and by halves where that fails. n right shares take t·n products of
 * scalars and one combination of t points; w wrong ones w·log n times that at most. A wrong share passes with a
 * probability of 1/q.
 *
 * @param random must be unpredictable for whoever made the shares
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
    // The weights and the commitment are public, and so is what they make of the ids.
    return group.equalPoints(group.multiplyBase(combined), group.linearCombinationVar(commitment, exponents))
  } finally {
    wipe(combined)
  }
}
