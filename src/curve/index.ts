import type { Curve } from '../types.ts'
import type { Group } from './group.ts'
import { portableGroup } from './portable.ts'

/** The arithmetic of a curve, on the best backend that this runtime has. */
export function getGroup(curve: Curve): Group {
  return portableGroup(curve)
}
