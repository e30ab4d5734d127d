import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { KeySource, Wallet } from 'reshare'
import type { WalletClient } from '../wallet-client.ts'

/** What every component of a device may use. */
export interface DeviceState {
  readonly client: WalletClient
  /** What signs: the user sees in words what would be signed, and agrees. */
  readonly keys: KeySource
  /** Shows a wallet that this device has got, or nothing for a device without one. */
  readonly openWallet: (wallet: Wallet | undefined) => void
  /** Told of every error: one that ends this device's session changes what is shown. */
  readonly noticeError: (error: unknown) => void
}

export const DeviceContext = createContext<DeviceState | undefined>(undefined)

export function useDevice(): DeviceState {
  const state = useContext(DeviceContext)
  if (state === undefined) throw new Error('a component of a device is outside of one')
  return state
}
