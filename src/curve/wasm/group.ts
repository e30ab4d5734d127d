import type { Curve } from '../../types.ts'
import { sharedCore } from '../../wasm/instance.ts'
import type { Group } from '../group.ts'
import { pointOperations } from './points.ts'
import { scalarOperations } from './scalars.ts'
import { sharingOperations } from './sharing.ts'

const groups = new Map<Curve, Group>()

/**
 * The group of a curve on the WebAssembly module. The first call compiles the module.
 *
 * @throws {WASM_UNAVAILABLE} if WebAssembly is missing, lacks SIMD, or is refused by a content security policy
 */
export function wasmGroup(curve: Curve): Group {
  let group = groups.get(curve)
  if (group === undefined) {
    sharedCore()
    group = { curve, ...scalarOperations(curve), ...pointOperations(curve), ...sharingOperations(curve) }
    groups.set(curve, group)
  }
  return group
}
