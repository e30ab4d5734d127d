export { solanaAddress } from './address.ts'
export { solanaSigner, type SolanaSigner, type SolanaSignerParameters } from './signer.ts'
