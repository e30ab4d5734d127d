import { type EcdsaBackend, portableEcdsa, wasmEcdsa } from '../../../src/protocol/ecdsa/ot/backend.ts'

/** The backends of threshold ECDSA. */
export const backends: readonly { name: string; backend: EcdsaBackend }[] = [
  { name: 'wasm', backend: wasmEcdsa() },
  { name: 'portable', backend: portableEcdsa() },
]
