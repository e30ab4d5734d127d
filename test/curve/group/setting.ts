import type { Group, Point, Scalar } from '../../../src/curve/group.ts'
import { portableGroup } from '../../../src/curve/portable.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { bytesToNumber, mod, ORDER, toScalar } from '../../support/bigint-scalars.ts'
import { seededRandom } from '../../support/random.ts'

/** Scalars at which carries, windows and recodings go wrong. */
function edgeScalars(order: bigint): bigint[] {
  const powers = [4n, 5n, 8n, 28n, 29n, 32n, 58n, 64n, 127n, 128n, 129n, 203n, 232n, 251n, 252n, 255n]
  const near = powers.flatMap((k) => [2n ** k - 1n, 2n ** k, 2n ** k + 1n])
  const half = (order - 1n) / 2n
  return [0n, 1n, 2n, 3n, half - 1n, half, half + 1n, order - 3n, order - 2n, order - 1n, ...near]
    .filter((value) => value < order)
    .concat(mod(0x5555555555555555555555555555555555555555555555555555555555555555n, order))
    .concat(mod(0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaan, order))
}

/** What the contract of a group is tested with: scalars as numbers, points as text, and the portable group beside it. */
export function contractSetting(group: Group) {
  const { curve } = group
  const order = ORDER[curve]
  const random = seededRandom()
  const number = (scalar: Scalar): bigint => bytesToNumber(curve, scalar)
  const scalar = (value: bigint): Scalar => toScalar(curve, value)
  const hex = (point: Point): string => (group.isIdentity(point) ? 'identity' : toHex(group.encodePoint(point)))
  const randomNumber = (): bigint => number(group.randomScalar(random))
  const edges = edgeScalars(order)
  const mixed = [...edges, ...Array.from({ length: 12 }, randomNumber)]
  const reference = portableGroup(curve)
  /** k·G as the reference encodes it. */
  const expected = (k: bigint): string => {
    const point = reference.multiplyBase(scalar(k))
    return reference.isIdentity(point) ? 'identity' : toHex(reference.encodePoint(point))
  }
  return { curve, order, random, number, scalar, hex, randomNumber, edges, mixed, reference, expected }
}
