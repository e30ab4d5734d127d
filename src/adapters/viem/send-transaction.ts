import { createWalletClient, type Chain, type Hex, type LocalAccount, type Transport, type WalletClient } from 'viem'
import { getTransactionCount } from 'viem/actions'

import { EthereumProviderError, PROVIDER_CODES, toNodeError } from './provider-error.ts'
import {
  formatTransaction,
  parseTransactionRequest,
  type TransactionRequest,
  type TransactionType,
} from './transaction-request.ts'

/** The chain's node, as this account asks it. */
export type Node = WalletClient<Transport, Chain, LocalAccount>

export function connectNode(account: LocalAccount, chain: Chain, transport: Transport): Node {
  return createWalletClient({ account, chain, transport })
}

/** The answer, or what the node says against it. */
export async function askNode<T>(question: Promise<T>): Promise<T> {
  try {
    return await question
  } catch (error) {
    throw toNodeError(error)
  }
}

/** All of a transaction that is signed but, where the page gave none, its nonce. */
export type FilledTransaction = TransactionRequest & { readonly type: TransactionType; readonly gas: bigint }

/**
 * Has the node fill in what a page left out: the type, the gas, the fees. What the page gave stays as it is, whatever
 * the node says.
 */
export async function fillTransaction(node: Node, asked: TransactionRequest): Promise<FilledTransaction> {
  const parameters = ['chainId', 'type', 'fees', 'gas'] as const
  const found = (await askNode(node.prepareTransactionRequest({ ...asked, parameters } as never))) as TransactionRequest
  const { from = node.account.address, chainId = node.chain.id, gas = found.gas } = asked
  const type = asked.type ?? (found.type === 'legacy' && asked.accessList !== undefined ? 'eip2930' : found.type)
  const filled = { ...asked, from, chainId, type, gas, ...fees(type, asked, found) }
  if (Object.values(filled).includes(undefined)) {
    throw new EthereumProviderError(PROVIDER_CODES.internal, 'the node does not say what the transaction costs')
  }
  // By the same door: a node may answer anything.
  return parseTransactionRequest(formatTransaction(filled)) as FilledTransaction
}

function fees(
  type: TransactionType | undefined,
  asked: TransactionRequest,
  found: TransactionRequest,
): Partial<TransactionRequest> {
  if (type === 'legacy' || type === 'eip2930') return pick('gasPrice')
  if (type === 'eip1559') return { ...pick('maxFeePerGas'), ...pick('maxPriorityFeePerGas') }
  throw new EthereumProviderError(PROVIDER_CODES.internal, `transactions of type ${type} are not supported`)

  function pick(name: 'gasPrice' | 'maxFeePerGas' | 'maxPriorityFeePerGas'): Partial<TransactionRequest> {
    return { [name]: asked[name] ?? found[name] }
  }
}

/** Signs and sends. Transactions without a nonce are to be sent one after the other. */
export async function sendTransaction(node: Node, transaction: FilledTransaction): Promise<Hex> {
  const { account, chain } = node
  const { address, nonceManager } = account
  const place = { address, chainId: chain.id }
  try {
    const nonce = transaction.nonce ?? (await nextNonce())
    const { from: _from, ...signed } = { ...transaction, nonce }
    const serializer = chain.serializers?.transaction
    const serializedTransaction = await account.signTransaction(signed as never, serializer && { serializer })
    return await askNode(node.sendRawTransaction({ serializedTransaction }))
  } catch (error) {
    if (transaction.nonce === undefined) nonceManager?.reset(place)
    throw error
  }

  function nextNonce(): Promise<number> {
    if (nonceManager !== undefined) return askNode(nonceManager.consume({ ...place, client: node }))
    return askNode(getTransactionCount(node, { address, blockTag: 'pending' }))
  }
}
