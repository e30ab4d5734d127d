import type { FoundWallet, WalletSet, Progress, Signature, SignParameters, Wallet } from 'reshare'
import type { InvitedDevice } from 'reshare/join'

/** What a device can be told to do: the parameters, and what it answers. */
export interface DeviceCommands {
  generate: { parameters: object; answer: Wallet }
  backup: { parameters: { walletId: string; secret: string }; answer: { setId: string } }
  /** Begins to join: the code that the device shows. */
  join: { parameters: object; answer: { code: string } }
  /** Invites the device that shows `code`. */
  invite: { parameters: { walletId: string; code: string; label: string }; answer: InvitedDevice }
  /** The wallet that the device has joined. */
  joined: { parameters: object; answer: Wallet }
  findWallets: { parameters: object; answer: FoundWallet[] }
  recover: {
    parameters: { walletId: string; secret: string; existingSets: 'keep' | 'retire' }
    answer: Wallet
  }
  sign: { parameters: SignParameters; answer: Signature }
  /** Sends wei on the chain whose node is at `url`, and waits until it is mined. */
  sendEther: {
    parameters: { walletId: string; url: string; to: `0x${string}`; value: bigint }
    answer: { hash: `0x${string}` }
  }
  /** Signs a transfer of lamports; whoever has the chain executes it. */
  signTransfer: {
    parameters: { walletId: string; blockhash: string; to: string; lamports: bigint }
    answer: { transaction: Uint8Array }
  }
  listSets: { parameters: { walletId: string }; answer: WalletSet[] }
}

export type CommandName = keyof DeviceCommands

/** What the parent sends. */
export type Command = {
  [Name in CommandName]: { id: number; name: Name; parameters: DeviceCommands[Name]['parameters'] }
}[CommandName]

/** What a device sends: its progress, and one answer or failure a command. */
export type DeviceMessage =
  | { ready: object }
  | { id: number; progress: Progress }
  | { id: number; answer: unknown }
  | { id: number; failure: { code: string; message: string } }
