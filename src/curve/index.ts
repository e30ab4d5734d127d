import { MpcError } from '../errors.ts'
import type { Curve } from '../types.ts'
import type { Group } from './group.ts'
import { portableGroup } from './portable.ts'
import { wasmGroup } from './wasm.ts'

const chosen = new Map<Curve, Group>()

/**
 * The arithmetic of a curve, on WebAssembly where this runtime has it and on big integers where not (Hermes, iOS
 * Lockdown Mode). The choice is made once, since points do not go from one backend to the other.
 */
export function getGroup(curve: Curve): Group {
  let group = chosen.get(curve)
  if (group === undefined) {
    group = bestGroup(curve)
    chosen.set(curve, group)
  }
  return group
}

function bestGroup(curve: Curve): Group {
  try {
    return wasmGroup(curve)
  } catch (error) {
    if (error instanceof MpcError && error.code === 'WASM_UNAVAILABLE') return portableGroup(curve)
    throw error
  }
}
