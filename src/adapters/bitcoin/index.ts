export {
  bitcoinAddress,
  type BitcoinAddressType,
  type BitcoinNetwork,
  type BitcoinOutput,
  type OwnedOutput,
} from './address.ts'
export {
  bitcoinSigner,
  type BitcoinSigner,
  type BitcoinSignerParameters,
  type SignTransactionOptions,
} from './signer.ts'
