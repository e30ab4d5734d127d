import type { KeySource, Wallet } from 'reshare'
import { ethereumAccount, ethereumAddress } from 'reshare/viem'
import { createPublicClient, createWalletClient, formatEther, http, parseEther, type Address, type Hex } from 'viem'
import { foundry } from 'viem/chains'
import type { DeviceConfiguration } from '../../configuration.ts'
import { askService } from '../services.ts'

export function addressOf(wallet: Wallet): Address {
  return ethereumAddress(wallet.publicKeys.secp256k1)
}

/** @returns in ether, with four decimals at most */
export async function balanceOf(node: string, address: Address): Promise<string> {
  const chain = createPublicClient({ chain: foundry, transport: http(node) })
  return Number(formatEther(await chain.getBalance({ address }))).toLocaleString('en', { maximumFractionDigits: 4 })
}

/** Asks the demo for test ether. */
export async function fund(configuration: DeviceConfiguration, wallet: Wallet): Promise<void> {
  await askService(configuration, 'chains/ethereum/fund', { account: addressOf(wallet) })
}

/** A transfer, and what came of it. */
export interface SentEther {
  readonly hash: Hex
  readonly block: string
}

/** Signs a transfer with the server, sends it and waits until it is mined. @param ether in decimal */
export async function sendEther(
  client: KeySource,
  node: string,
  walletId: string,
  to: string,
  ether: string,
): Promise<SentEther> {
  const account = await ethereumAccount(client, { walletId })
  const transport = http(node)
  const sender = createWalletClient({ account, chain: foundry, transport })
  const hash = await sender.sendTransaction({ to: to as Address, value: parseEther(ether) })
  const chain = createPublicClient({ chain: foundry, transport, pollingInterval: 200 })
  const { blockNumber, status } = await chain.waitForTransactionReceipt({ hash })
  if (status !== 'success') throw new Error('The chain did not accept the transfer.')
  return { hash, block: blockNumber.toString() }
}

/** Signs a text (EIP-191) with the server. @returns in hex after `0x` */
export async function signText(keys: KeySource, walletId: string, text: string): Promise<Hex> {
  const account = await ethereumAccount(keys, { walletId })
  return account.signMessage({ message: text })
}
