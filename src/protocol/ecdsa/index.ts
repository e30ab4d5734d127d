export { type EcdsaBackend, getEcdsaBackend, wasmEcdsa } from './ot/backend.ts'
export { type Digest32, digest32, hashMessage, type MessageHash } from './signing/digest.ts'
export { type CheatReason, OtState } from './ot/ot-state.ts'
export {
  type CompletionOptions,
  createCompletion,
  createPreprocessing,
  type PreprocessingOptions,
  restoreCompletion,
  restorePreprocessing,
} from './signing/preprocess.ts'
export { Preprocessed, type PreprocessedAbout, type TakeConditions } from './signing/preprocessed.ts'
export {
  bindOtState,
  createOtSetup,
  type OtSetupOptions,
  type PeerSetup,
  restoreOtSetup,
} from './setup/create-setup.ts'
export { createEcdsaSigning, type EcdsaSigningOptions, restoreEcdsaSigning } from './signing/sign.ts'
export { type EcdsaSignature, encodeSignature } from './signing/signature.ts'
export type { EcdsaResult } from './signing/signing-machine.ts'
export type { EcdsaOptions, KeyPath } from './signing/signing-setup.ts'
