import type { Group } from '../../src/curve/group.ts'
import { wasmGroup } from '../../src/curve/wasm/group.ts'
import { CURVES, type Curve } from '../../src/types.ts'

export const backends: readonly { name: string; create: (curve: Curve) => Group }[] = [
  { name: 'wasm', create: wasmGroup },
]

export const groups: readonly { name: string; group: Group }[] = CURVES.map((curve) => ({
  name: `${curve} wasm`,
  group: wasmGroup(curve),
}))
