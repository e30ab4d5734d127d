import type { Group } from '../../src/curve/group.ts'
import { portableGroup } from '../../src/curve/portable.ts'
import { wasmGroup } from '../../src/curve/wasm/group.ts'
import { CURVES, type Curve } from '../../src/types.ts'

/** The backends behind the Group interface. */
export const backends: readonly { name: string; create: (curve: Curve) => Group }[] = [
  { name: 'wasm', create: wasmGroup },
  { name: 'portable', create: portableGroup },
]

/** Every curve on every backend: what a test of code above Group runs over. */
export const groups: readonly { name: string; group: Group }[] = backends.flatMap(({ name, create }) =>
  CURVES.map((curve) => ({ name: `${curve} ${name}`, group: create(curve) })),
)
