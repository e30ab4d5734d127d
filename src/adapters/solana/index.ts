export { solanaAddress } from './address.ts'
export { signOffchainMessage } from './off-chain.ts'
export { registerSolanaWallet, type RegistrationTarget } from './register.ts'
export { scalarSigner, type ScalarSigner } from './scalar-signer.ts'
export type { SolanaSignIn } from './sign-in.ts'
export { solanaSigner, type SolanaSigner, type SolanaSignerParameters } from './signer.ts'
export type {
  AccountsChange,
  SendTransactionInput,
  SignedIn,
  SignedMessage,
  SignInInput,
  SignMessageInput,
  SignTransactionInput,
  SolanaWallet,
  StandardAccount,
  StandardFeatures,
  StandardIcon,
} from './standard-types.ts'
export { solanaWallet, type SolanaWalletParameters, type SolanaWalletRequest } from './standard-wallet.ts'
export {
  web3Signer,
  type Web3LegacyTransaction,
  type Web3Signer,
  type Web3Transaction,
  type Web3VersionedTransaction,
} from './web3.ts'
