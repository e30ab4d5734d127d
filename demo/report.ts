import type { WalletSet, SignatureScheme, Status } from 'reshare'
import type { GuardedReport } from './guarded.ts'

/** One step of the demo. */
export interface Step {
  readonly step: string
  readonly device: string
  /** Each status once for as long as it lasted; none for steps that report none. */
  readonly statuses: readonly Status[]
  readonly durationMs: number
}

/** One signature, verified by \@noble/curves. Bytes are in lower-case hex. */
export interface SignatureReport {
  readonly device: string
  readonly setId: string
  readonly scheme: SignatureScheme
  readonly message: string
  readonly publicKey: string
  readonly signature: string
  readonly verified: true
}

/** One transaction that its chain has executed. */
export interface TransactionReport {
  readonly device: string
  readonly chain: 'ethereum' | 'solana'
  /** The wallet's address there */
  readonly from: string
  /** Its hash (Ethereum), or its first signature (Solana) */
  readonly id: string
}

/** All that `npm run demo -- --json` prints. */
export interface Report {
  readonly walletId: string
  readonly publicKeys: { readonly secp256k1: string; readonly ed25519: string }
  /** The signing set of each device, and the backup's. */
  readonly setIds: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
  readonly signatures: readonly SignatureReport[]
  readonly transactions: readonly TransactionReport[]
  /** Why a chain was left out. */
  readonly missing: readonly string[]
  /** What the server's policy has refused, or has had wait. */
  readonly guarded: readonly GuardedReport[]
  /** The devices that were refused, and with which code. */
  readonly refusals: readonly { readonly device: string; readonly code: string }[]
  /** The wallet's sets at the end, as the server lists them. */
  readonly sets: readonly WalletSet[]
  readonly durationMs: number
}
