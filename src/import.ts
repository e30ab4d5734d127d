export {
  type ImportedEd25519Scalar,
  type ImportedEd25519Seed,
  type ImportedSecp256k1Key,
  importWallet,
  type ImportWalletParameters,
} from './client/actions/import-wallet.ts'
