export {
  decodeExtendedPublicKey,
  type DerivedKey,
  derivePath,
  encodeDerivedKey,
  encodeExtendedPublicKey,
  type ExtendedPublicKey,
  fingerprint,
  type KeyOrigin,
  type Network,
} from './bip32.ts'
export { deriveShare, type ShareTweak } from './derived-share.ts'
export { formatPath, parsePath } from './path.ts'
export { type TaprootKey, taprootOutputKey } from './taproot.ts'
