import type { Group, Scalar } from '../curve/group.ts'
import { wipe } from '../util/bytes.ts'

/** Σ values_i. Intermediate sums are wiped. */
export function sum(group: Group, values: readonly Scalar[]): Scalar {
  return values.reduce((total, value) => {
    const next = group.add(total, value)
    wipe(total)
    return next
  }, group.scalar(0))
}

/** Σ weights_i·values_i. Products and intermediate sums are wiped. */
export function weightedSum(group: Group, weights: readonly Scalar[], values: readonly Scalar[]): Scalar {
  const products = values.map((value, i) => group.multiply(weights[i] as Scalar, value))
  try {
    return sum(group, products)
  } finally {
    wipe(...products)
  }
}
