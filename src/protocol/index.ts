export { getGroup } from '../curve/index.ts'
export type { Group, Point, Scalar } from '../curve/group.ts'
export {
  decodeKeyShare,
  decodeShareSetRecord,
  encodeKeyShare,
  encodeShareSetRecord,
  type GroupOf,
  type KeyShare,
  type SetParty,
  type ShareSetRecord,
  validateKeyShare,
  wipeKeyShare,
} from '../key-share/index.ts'
export { type Curve, CURVES, partyId, type PartyId, type Purpose, type Role } from '../types.ts'
export type { Share } from '../secret-sharing/shamir.ts'
export type { RandomSource } from '../util/random.ts'
export { type StepOutcome, runSteps, type SessionStep } from './session/batch.ts'
export * from './derive/index.ts'
export * from './ecdsa/index.ts'
export {
  type ExportTerms,
  generateReceiver,
  type HpkeKeyPair,
  proveExport,
  receiveShare,
  recombineKey,
  releaseShare,
} from './export/index.ts'
export { decodeEnvelope, encodeEnvelope, type Envelope, ENVELOPE_MAX_LENGTH } from './session/envelope.ts'
export {
  createSigning,
  frostSuite,
  type FrostSuite,
  MESSAGE_MAX_LENGTH,
  restoreSigning,
  type SigningOptions,
  type SigningResult,
  verifySignature,
} from './frost/index.ts'
export { createKeygen, type KeygenOptions, type NewParty, restoreKeygen } from './keygen/index.ts'
export { createImport, type ImportOptions, type ImportTerms, restoreImport } from './import/index.ts'
export {
  newChallenge,
  type PossessionUse,
  provePossession,
  type ProvePossessionOptions,
  verifyPossession,
  type VerifyPossessionOptions,
} from './possession/index.ts'
export {
  createReshare,
  type ReshareOptions,
  type ReshareParticipant,
  type ReshareResult,
  type ReshareTerms,
  restoreReshare,
} from './reshare/index.ts'
export type { Receipt, Session, Step } from './session/session.ts'
export type { ProtocolName, Suite } from './transcript/tags.ts'
