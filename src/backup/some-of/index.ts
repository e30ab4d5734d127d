export {
  createPartReceiver,
  guardianPart,
  openPart,
  recipientFingerprint,
  type HandedPart,
  type OpenPartOptions,
  type PartReceiver,
} from './guardian.ts'
export { isPartsMissingError, PartsMissingError, type PartFailure } from './parts-missing.ts'
export { someOf } from './some-of.ts'
