import { getGroup } from '../../../curve/index.ts'
import { portableGroup } from '../../../curve/portable.ts'
import { wasmGroup } from '../../../curve/wasm/group.ts'
import type { Group } from '../../../curve/group.ts'
import type { BaseOtArithmetic, VoleArithmetic } from './arithmetic.ts'
import { portableBaseOt } from './endemic-ot.ts'
import { type HashToCurve, portableHashToCurve, wasmHashToCurve } from './hash-to-curve.ts'
import { portableVole } from './vole.ts'
import { wasmBaseOt } from './wasm-base-ot.ts'
import { wasmVole } from './wasm-vole.ts'

/** The arithmetic of threshold ECDSA. Points belong to its group, so the parts of two backends do not mix. */
export interface EcdsaBackend {
  /** secp256k1 */
  readonly group: Group
  readonly vole: VoleArithmetic
  readonly baseOt: BaseOtArithmetic
  readonly hashToCurve: HashToCurve
  /** Whether a setup takes seconds. */
  readonly isSlow: boolean
}

/** On \@noble/curves and JavaScript big integers, for runtimes without WebAssembly. */
export function portableEcdsa(): EcdsaBackend {
  const group = portableGroup('secp256k1')
  const hashToCurve = portableHashToCurve(group)
  return { group, vole: portableVole, baseOt: portableBaseOt(group, hashToCurve), hashToCurve, isSlow: true }
}

/** @throws {WASM_UNAVAILABLE} where WebAssembly is missing, lacks SIMD, or is refused by a content security policy */
export function wasmEcdsa(): EcdsaBackend {
  return {
    group: wasmGroup('secp256k1'),
    vole: wasmVole,
    baseOt: wasmBaseOt,
    hashToCurve: wasmHashToCurve,
    isSlow: false,
  }
}

let substitute: (() => EcdsaBackend) | undefined

/** Says where the backend comes from in a runtime without WebAssembly. */
export function provideEcdsa(make: () => EcdsaBackend): void {
  substitute = make
}

/**
 * The backend of the group that `getGroup` gives.
 *
 * @throws {WASM_UNAVAILABLE} where this runtime has no WebAssembly and nothing was provided in its place
 */
export function getEcdsaBackend(): EcdsaBackend {
  const provided = substitute?.()
  return provided?.group === getGroup('secp256k1') ? provided : wasmEcdsa()
}
