import { isMpcError } from '../errors.ts'
import { CURVES, type Curve } from '../types.ts'
import type { Group } from './group.ts'
import { wasmGroup } from './wasm/group.ts'

const chosen = new Map<Curve, Group>()

let substitute: ((curve: Curve) => Group) | undefined

/** Says where groups come from in a runtime without WebAssembly. */
export function provideGroups(make: (curve: Curve) => Group): void {
  substitute = make
}

/**
 * The arithmetic of a curve, on WebAssembly where this runtime has it and on what was provided where not. The choice is
 * made once, since points do not go from one backend to the other.
 *
 * @throws {TypeError} for another curve
 * @throws {WASM_UNAVAILABLE} where there is neither
 */
export function getGroup(curve: Curve): Group {
  if (!CURVES.includes(curve)) throw new TypeError(`curve must be ${CURVES.join(' or ')}`)
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
    if (isMpcError(error, 'WASM_UNAVAILABLE') && substitute) return substitute(curve)
    throw error
  }
}
