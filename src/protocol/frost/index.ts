export {
  createSigning,
  MESSAGE_MAX_LENGTH,
  restoreSigning,
  type SigningOptions,
  type SigningResult,
} from './session.ts'
export { frostSuite, type FrostSuite } from './suites.ts'
export { verifySignature } from './verify.ts'
