import type {
  Approval,
  FoundWallet,
  KeySource,
  ListedDevice,
  PendingBackup,
  Progress,
  ResumedWallet,
  Wallet,
  WalletSet,
} from 'reshare'
import type { MethodChoice } from './method-choice.ts'

/** How an action is run: its progress, and a signal that ends it. */
export interface Running {
  readonly onProgress: (progress: Progress) => void
  readonly signal: AbortSignal
}

/** Where the client of this device runs: in the worker, or in the page for what needs a page. */
export interface WalletHost {
  /** For the adapters of chains. */
  readonly keys: KeySource
  resume(): Promise<readonly ResumedWallet[]>
  find(): Promise<FoundWallet[]>
  generate(running: Running): Promise<Wallet>
  backUp(walletId: string, choice: MethodChoice, running: Running): Promise<PendingBackup>
  recover(walletId: string, choice: MethodChoice, existingSets: 'keep' | 'retire', running: Running): Promise<Wallet>
  refresh(walletId: string, running: Running): Promise<Wallet>
  sets(walletId: string): Promise<WalletSet[]>
  devices(): Promise<ListedDevice[]>
  endSession(walletId: string, setId: string): Promise<unknown>
  revoke(deviceId: string): Promise<unknown>
  remove(walletId: string): Promise<unknown>
  /** What waits for an approval, or for its time, here or on another device. */
  approvals(): Promise<Approval[]>
  approve(approvalId: string): Promise<unknown>
  deny(approvalId: string): Promise<unknown>
}
