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

/** The arithmetic of threshold ECDSA. Its points belong to its group: parts of two backends cannot be mixed. */
export interface EcdsaBackend {
  /** The group of secp256k1. */
  readonly group: Group
  /** Multiplications of a signature. */
  readonly vole: VoleArithmetic
  /** Base OTs of a setup. */
  readonly baseOt: BaseOtArithmetic
  /** Hashes to points (RFC 9380). */
  readonly hashToCurve: HashToCurve
  /** Whether a setup takes seconds rather than milliseconds. */
  readonly isSlow: boolean
}

/** The backend on JavaScript big integers, for runtimes without WebAssembly. */
export function portableEcdsa(): EcdsaBackend {
  const group = portableGroup('secp256k1')
  const baseOt = portableBaseOt(group, portableHashToCurve)
  return { group, vole: portableVole, baseOt, hashToCurve: portableHashToCurve, isSlow: true }
}

/**
 * The backend on the WebAssembly module.
 *
 * @throws {WASM_UNAVAILABLE} if WebAssembly is missing, lacks SIMD, or is refused by a content security policy
 */
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

/** Registers the backend to use in a runtime without WebAssembly. */
export function provideEcdsa(make: () => EcdsaBackend): void {
  substitute = make
}

/**
 * The backend with the group that `getGroup` returns for secp256k1.
 *
 * @throws {WASM_UNAVAILABLE} if this runtime has no WebAssembly and no other backend was registered
 */
export function getEcdsaBackend(): EcdsaBackend {
  const provided = substitute?.()
  return provided?.group === getGroup('secp256k1') ? provided : wasmEcdsa()
}
