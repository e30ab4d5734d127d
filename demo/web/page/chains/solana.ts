import { address, getBase58Decoder, getTransactionEncoder, type Blockhash } from '@solana/kit'
import type { KeySource, Wallet } from 'reshare'
import { solanaAddress, solanaSigner } from 'reshare/solana'
import { signedTransfer } from '../../../solana-transfer.ts'
import type { DeviceConfiguration } from '../../configuration.ts'
import { askService } from '../services.ts'
import { toBase64 } from '../words/texts.ts'

const LAMPORTS = 1_000_000_000

/** What the chain's node says. */
interface ChainState {
  readonly blockhash: string
  /** In decimal. */
  readonly lamports: string
}

export const addressOf = (wallet: Wallet): string => solanaAddress(wallet.publicKeys.ed25519)

export const stateOf = (configuration: DeviceConfiguration, account: string) =>
  askService(configuration, 'chains/solana/state', { account }) as Promise<ChainState>

/** @returns in SOL, with four decimals at most */
export async function balanceOf(configuration: DeviceConfiguration, account: string): Promise<string> {
  const { lamports } = await stateOf(configuration, account)
  return (Number(lamports) / LAMPORTS).toLocaleString('en', { maximumFractionDigits: 4 })
}

/** Asks the demo for test SOL. */
export async function fund(configuration: DeviceConfiguration, wallet: Wallet): Promise<void> {
  await askService(configuration, 'chains/solana/fund', { account: addressOf(wallet) })
}

/** Signs a transfer with the server, and has it executed. @param sol in decimal. @returns the transaction's signature in base 58 */
export async function sendSol(
  client: KeySource,
  configuration: DeviceConfiguration,
  wallet: Wallet,
  to: string,
  sol: string,
): Promise<string> {
  const { blockhash } = await stateOf(configuration, addressOf(wallet))
  const signer = await solanaSigner(client, { walletId: wallet.id })
  const lamports = BigInt(Math.round(Number(sol) * LAMPORTS))
  const signed = await signedTransfer(blockhash as Blockhash, signer, address(to), lamports)
  const bytes = Uint8Array.from(getTransactionEncoder().encode(signed))
  const transaction = toBase64(bytes)
  await askService(configuration, 'chains/solana/send', { transaction })
  return getBase58Decoder().decode(Object.values(signed.signatures)[0]!)
}

/** Signs a text as it is, with the server. @returns in base 58 */
export async function signText(keys: KeySource, wallet: Wallet, text: string): Promise<string> {
  const message = new TextEncoder().encode(text)
  const signature = await keys.walletKeys(wallet.id).signEd25519({ message, intent: { kind: 'solanaMessage' } })
  return getBase58Decoder().decode(signature)
}
