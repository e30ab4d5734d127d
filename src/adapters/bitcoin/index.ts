export {
  bitcoinAddress,
  type BitcoinAddressType,
  type BitcoinNetwork,
  type BitcoinOutput,
  type OwnedOutput,
} from './address.ts'
export type { MessageFormat, SignMessageParameters } from './message.ts'
export {
  bitcoinSigner,
  type BitcoinSigner,
  type BitcoinSignerParameters,
  type SignedPsbt,
  type SignTransactionOptions,
} from './signer.ts'
