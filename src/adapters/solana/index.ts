export { solanaAddress } from './address.ts'
export { scalarSigner, type ScalarSigner } from './scalar-signer.ts'
export { solanaSigner, type SolanaSigner, type SolanaSignerParameters } from './signer.ts'
