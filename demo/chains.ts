import {
  address,
  generateKeyPairSigner,
  getSignatureFromTransaction,
  getTransactionDecoder,
  lamports as toLamports,
} from '@solana/kit'
import { createTestClient, http, publicActions, type Address, type Hex } from 'viem'
import { foundry } from 'viem/chains'
import { startAnvil } from './anvil.ts'

/** A local Ethereum chain. */
export interface EthereumChain {
  readonly url: string
  fund(account: Address, wei: bigint): Promise<void>
  /** Who sent a transaction that was mined. @throws {Error} if it failed */
  sender(hash: Hex): Promise<string>
  stop(): void
}

/** A local Solana chain, in this process. */
export interface SolanaChain {
  readonly recipient: string
  blockhash(): string
  fund(account: string, lamports: bigint): void
  /** @returns lamports */
  balance(account: string): bigint
  /** @returns the transaction's signature in base 58. @throws {Error} if it fails */
  execute(transaction: Uint8Array): string
}

/** The chains that run on this platform. */
export interface Chains {
  readonly ethereum: EthereumChain | undefined
  readonly solana: SolanaChain | undefined
  /** Why the others do not. */
  readonly missing: readonly string[]
}

export async function openChains(): Promise<Chains> {
  const missing: string[] = []
  const optional = <T>(name: string, opening: Promise<T>): Promise<T | undefined> =>
    opening.catch((error: unknown) => {
      missing.push(
        `${name} does not run here: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
      )
      return undefined
    })
  const [ethereum, solana] = await Promise.all([optional('anvil', openEthereum()), optional('litesvm', openSolana())])
  return { ethereum, solana, missing }
}

async function openEthereum(): Promise<EthereumChain> {
  const anvil = await startAnvil()
  const chain = createTestClient({ chain: foundry, mode: 'anvil', transport: http(anvil.url) }).extend(publicActions)
  return {
    url: anvil.url,
    stop: () => anvil.stop(),
    fund: (account, value) => chain.setBalance({ address: account, value }),
    async sender(hash) {
      const { status, from } = await chain.getTransactionReceipt({ hash })
      if (status !== 'success') throw new Error(`the transaction ${hash} failed`)
      return from
    },
  }
}

async function openSolana(): Promise<SolanaChain> {
  // A native module: its import is what fails where there is none.
  const { FailedTransactionMetadata, LiteSVM } = await import('litesvm')
  const chain = new LiteSVM()
  const { address: recipient } = await generateKeyPairSigner()
  return {
    recipient,
    blockhash: () => chain.latestBlockhash(),
    fund: (account, lamports) => void chain.airdrop(address(account), toLamports(lamports)),
    balance: (account) => chain.getBalance(address(account)) ?? 0n,
    execute(bytes) {
      const transaction = getTransactionDecoder().decode(bytes)
      const outcome = chain.sendTransaction(transaction)
      if (outcome instanceof FailedTransactionMetadata) throw new Error(`the transfer failed: ${outcome.toString()}`)
      return getSignatureFromTransaction(transaction)
    },
  }
}
