import { portableGroup } from '../../curve/portable.ts'
import type { Group } from '../../curve/group.ts'
import type { VoleArithmetic } from './arithmetic.ts'
import { type HashToCurve, portableHashToCurve } from './hash-to-curve.ts'
import { portableVole } from './vole.ts'

/** The arithmetic of threshold ECDSA. Points belong to its group, so the parts of two backends do not mix. */
export interface EcdsaBackend {
  /** secp256k1 */
  readonly group: Group
  readonly vole: VoleArithmetic
  readonly hashToCurve: HashToCurve
}

/** On \@noble/curves and JavaScript big integers, for runtimes without WebAssembly. */
export function portableEcdsa(): EcdsaBackend {
  const group = portableGroup('secp256k1')
  return { group, vole: portableVole, hashToCurve: portableHashToCurve(group) }
}

/** The best backend that this runtime has. */
export function getEcdsaBackend(): EcdsaBackend {
  return portableEcdsa()
}
