import type { Point, Scalar } from '../../../src/curve/group.ts'
import { wasmGroup } from '../../../src/curve/wasm/group.ts'
import type { Curve } from '../../../src/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { bytesToNumber, ORDER, toScalar } from '../../support/bigint-scalars.ts'
import { seededRandom } from '../../support/random.ts'

// What the contract of every Group (test/curve/group) does not reach: integers instead of a library as the reference, the
// exceptional cases of the module's own formulas, its batch sizes, and published keys.

export const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n

/** The group of the module, with scalars as numbers and points as text. */
export function wasmSetting(curve: Curve) {
  const group = wasmGroup(curve)
  const order = ORDER[curve]
  const random = seededRandom(`wasm ${curve}`)
  const scalar = (value: bigint): Scalar => toScalar(curve, value)
  const uniform = (): bigint => bytesToNumber(curve, group.randomScalar(random))
  const hex = (point: Point): string => (group.isIdentity(point) ? 'identity' : toHex(group.encodePoint(point)))
  const product = (a: Scalar, b: Scalar): bigint => bytesToNumber(curve, a) * bytesToNumber(curve, b)
  /** Mostly random scalars, among them zero, small ones, their negatives, powers of two, and repetitions. */
  const edge = (i: number): Scalar => {
    const edges = [0n, 1n, 2n, order - 1n, order - 2n, 2n ** 127n, 2n ** 128n - 1n, LAMBDA, order - LAMBDA, 2n ** 251n]
    return i % 5 === 0 ? scalar(edges[(i / 5) % edges.length] as bigint) : group.randomScalar(random)
  }
  return { group, order, random, scalar, uniform, hex, product, edge }
}
