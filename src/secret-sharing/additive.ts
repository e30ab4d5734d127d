import type { Group, Scalar } from '../curve/group.ts'
import { wipe } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import type { Share } from './shamir.ts'
import { sum } from './scalars.ts'

/**
 * Splits a secret into `count` random scalars that add up to it. All of them are needed to recover it.
 *
 * @throws {RangeError} unless `count` is an integer of at least 1
 */
export function splitAdditive(group: Group, secret: Scalar, count: number, random: RandomSource): Scalar[] {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`at least one share, got ${count}`)
  const masks = Array.from({ length: count - 1 }, () => group.randomScalar(random))
  const masked = sum(group, masks)
  try {
    return [...masks, group.subtract(secret, masked)]
  } finally {
    wipe(masked)
  }
}

/** A sharing of zero: `count` random scalars that add up to zero. Added to other values, they blind these. */
export function zeroShares(group: Group, count: number, random: RandomSource): Scalar[] {
  return splitAdditive(group, group.scalar(0), count, random)
}

/**
 * Turns one party's Shamir share into its additive share λ_i·s_i among the parties of `quorum`.
 *
 * @throws {RangeError} if the party is not in the quorum, or an id is repeated
 */
export function shamirToAdditive(group: Group, share: Share, quorum: readonly number[]): Scalar {
  return group.multiply(coefficient(group, share.id, quorum), share.value)
}

/**
 * Turns one party's additive share among `quorum` into its Shamir share λ_i⁻¹·a_i. All of them are shares of one polynomial
 * of degree |quorum|−1.
 *
 * @throws {RangeError} if the party is not in the quorum, or an id is repeated
 */
export function additiveToShamir(group: Group, id: number, additive: Scalar, quorum: readonly number[]): Share {
  // A Lagrange coefficient at zero is a quotient of products of non-zero numbers, so it is never zero.
  return { id, value: group.multiply(group.invert(coefficient(group, id, quorum)), additive) }
}

function coefficient(group: Group, id: number, quorum: readonly number[]): Scalar {
  const at = quorum.indexOf(id)
  if (at < 0) throw new RangeError(`party ${id} is not in the quorum`)
  return group.lagrangeCoefficients(quorum)[at] as Scalar
}
