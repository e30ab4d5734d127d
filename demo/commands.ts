import type { Approval, FoundWallet, WalletSet, Progress, Signature, SignParameters, Wallet } from 'reshare'
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
    parameters: {
      walletId: string
      secret: string
      existingSets: 'keep' | 'retire'
      /** How long it waits for the server to let it go on. Default: not at all. */
      waitForApprovalMs?: number
    }
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
  /** Signs a text by EIP-191. */
  signMessage: { parameters: { walletId: string; text: string }; answer: { signature: `0x${string}` } }
  /** Signs an ERC-2612 permit of all that the wallet has of a token. */
  signPermit: { parameters: { walletId: string; spender: `0x${string}` }; answer: { signature: `0x${string}` } }
  listApprovals: { parameters: object; answer: Approval[] }
  approve: { parameters: { approvalId: string }; answer: unknown }
  deny: { parameters: { approvalId: string }; answer: unknown }
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
