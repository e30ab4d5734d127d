export { aggregate } from './aggregate.ts'
export { commitmentLength, decodeCommitment, type NonceCommitment } from './commitment.ts'
export { commit, type SigningNonces } from './nonces.ts'
export {
  createSigning,
  MESSAGE_MAX_LENGTH,
  restoreSigning,
  type SigningOptions,
  type SigningResult,
} from './session.ts'
export { signShare, verifySignatureShare } from './sign.ts'
export { prepareSigning, type Signer, type SignerSet, type SigningPackage } from './signing-package.ts'
export { frostSuite, type FrostSuite } from './suites.ts'
export { verifySignature } from './verify.ts'
