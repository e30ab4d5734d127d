import { bytesToHex, type Hex, type RpcTransactionReceipt } from 'viem'

import type { ConnectedChain } from '../chains.ts'
import { EthereumProviderError, PROVIDER_CODES } from '../provider-error.ts'
import { askNode } from '../send-transaction.ts'
import { CALLS_VERSION } from './request.ts'

/** A batch that was sent, at least in part. */
export interface Batch {
  readonly chain: ConnectedChain
  /** Whether all calls are in one transaction. */
  readonly atomic: boolean
  /** The number of transactions that the batch has when all of it is sent. */
  readonly transactions: number
  /** The transactions that were sent. */
  readonly hashes: [Hex, ...Hex[]]
  /** Whether nothing more will be sent. */
  ended: boolean
}

/** The batches of a provider. They are forgotten with the page. */
export interface Batches {
  has(id: string): boolean
  add(id: string, batch: Batch): void
  /** Responds to `wallet_getCallsStatus`. @throws {EthereumProviderError} 5730 for an unknown id */
  status(id: string): Promise<object>
}

/** The part of a receipt that EIP-5792 has. */
interface CallReceipt {
  readonly logs: readonly object[]
  readonly status: Hex
  readonly blockHash: Hex
  readonly blockNumber: Hex
  readonly gasUsed: Hex
  readonly transactionHash: Hex
}

/** The most batches that are remembered. The oldest is forgotten first. */
const MOST_BATCHES = 256

/** Status codes of EIP-5792. A batch of which nothing was sent has none: `wallet_sendCalls` fails. */
const STATUS = { pending: 100, confirmed: 200, reverted: 500, partlyReverted: 600 } as const

/** Creates the batches of a provider. */
export function createBatches(): Batches {
  const known = new Map<string, Batch>()
  return {
    has: (id) => known.has(id),
    add: (id, batch) => {
      const [oldest] = known.keys()
      if (known.size >= MOST_BATCHES && oldest !== undefined) known.delete(oldest)
      known.set(id, batch)
    },
    status: async (id) => {
      const batch = known.get(id)
      if (batch === undefined) throw new EthereumProviderError(PROVIDER_CODES.unknownBundle, 'no batch has this id')
      const { chain, atomic } = batch
      const { ended, hashes } = { ...batch, hashes: [...batch.hashes] }
      const found = await Promise.all(hashes.map((hash) => receiptOf(chain, hash)))
      const receipts = found.filter((receipt) => receipt !== null)
      const isPending = !ended || receipts.length < hashes.length
      const status = isPending ? STATUS.pending : statusOf(receipts, batch.transactions)
      return { version: CALLS_VERSION, id, chainId: chain.hexId, status, atomic, receipts }
    },
  }
}

function statusOf(receipts: readonly CallReceipt[], transactions: number): number {
  const succeeded = receipts.filter(({ status }) => status === '0x1').length
  if (succeeded === transactions) return STATUS.confirmed
  return succeeded === 0 ? STATUS.reverted : STATUS.partlyReverted
}

/** The receipt of a transaction, as far as EIP-5792 has it. Null if it is in no block yet. */
export async function receiptOf({ node }: ConnectedChain, hash: Hex): Promise<CallReceipt | null> {
  const receipt = await askNode<RpcTransactionReceipt | null>(
    node.request({ method: 'eth_getTransactionReceipt', params: [hash] } as never),
  )
  if (receipt === null) return null
  const { status, blockHash, blockNumber, gasUsed, transactionHash } = receipt
  const logs = receipt.logs.map(({ address, data, topics }) => ({ address, data, topics }))
  return { logs, status, blockHash, blockNumber, gasUsed, transactionHash }
}

/** A new id. */
export function randomId(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
}
