import type { Group, Scalar } from '../curve/group.ts'
import type { Share } from './shamir.ts'

/**
 * Turns one party's Shamir share into its additive share λ_i·s_i among the parties of `quorum`.
 *
 * @throws {RangeError} if the party is not in the quorum, or an id is repeated
 */
export function shamirToAdditive(group: Group, share: Share, quorum: readonly number[]): Scalar {
  return group.multiply(coefficient(group, share.id, quorum), share.value)
}

function coefficient(group: Group, id: number, quorum: readonly number[]): Scalar {
  const at = quorum.indexOf(id)
  if (at < 0) throw new RangeError(`party ${id} is not in the quorum`)
  return group.lagrangeCoefficients(quorum)[at] as Scalar
}
