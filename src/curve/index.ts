import { isMpcError } from '../errors.ts'
import { CURVES, type Curve } from '../types.ts'
import type { Group } from './group.ts'
import { wasmGroup } from './wasm/group.ts'

const chosen = new Map<Curve, Group>()

let substitute: ((curve: Curve) => Group) | undefined

/** Registers the groups to use in a runtime without WebAssembly. */
export function provideGroups(make: (curve: Curve) => Group): void {
  substitute = make
}

/**
 * The arithmetic of a curve. It runs on WebAssembly if this runtime has it, and otherwise on the backend of
 * `reshare/portable` if that was registered. The backend is chosen once, since points of two backends cannot be mixed.
 *
 * @throws {TypeError} for an unknown curve
 * @throws {WASM_UNAVAILABLE} if there is neither
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
