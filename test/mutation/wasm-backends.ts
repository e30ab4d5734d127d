import { type EcdsaBackend, wasmEcdsa } from '../../src/protocol/ecdsa/ot/backend.ts'

export const backends: readonly { name: string; backend: EcdsaBackend }[] = [{ name: 'wasm', backend: wasmEcdsa() }]
