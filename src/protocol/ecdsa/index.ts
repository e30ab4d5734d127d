export { type EcdsaBackend, getEcdsaBackend, wasmEcdsa } from './backend.ts'
export { type Digest32, digest32, hashMessage, type MessageHash } from './digest.ts'
export { type CheatReason, OtPair } from './ot-pair.ts'
export {
  type CompletionOptions,
  createCompletion,
  createPreprocessing,
  type PreprocessingOptions,
  restoreCompletion,
  restorePreprocessing,
} from './preprocess.ts'
export { Preprocessed, type PreprocessedAbout, type TakeConditions } from './preprocessed.ts'
export { bindPair, createOtSetup, type OtSetupOptions, type PairSetup, restoreOtSetup } from './setup.ts'
export { createEcdsaSigning, type EcdsaSigningOptions, restoreEcdsaSigning } from './sign.ts'
export { type EcdsaSignature, encodeSignature } from './signature.ts'
export type { EcdsaResult } from './signing-machine.ts'
export type { EcdsaOptions, KeyPath } from './signing-setup.ts'
