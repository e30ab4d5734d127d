import type { Group } from '../curve/group.ts'
import { getGroup } from '../curve/index.ts'
import { type Curve, CURVES } from '../types.ts'

/** The group of a curve. @throws {TypeError} for an unknown curve */
export function groupOf(curve: Curve): Group {
  if (!CURVES.includes(curve)) throw new TypeError('unknown curve')
  return getGroup(curve)
}
