import { createWalletClient, type Chain, type Hex, type LocalAccount, type Transport, type WalletClient } from 'viem'
import { getTransactionCount } from 'viem/actions'

import { EthereumProviderError, PROVIDER_CODES, toNodeError } from './provider-error.ts'
import {
  formatTransaction,
  parseTransactionRequest,
  type TransactionRequest,
  type TransactionType,
} from './transaction-request.ts'

/** A client of the chain's node, for one account. */
export type Node = WalletClient<Transport, Chain, LocalAccount>

/** Creates a client of the chain's node. */
export function connectNode(account: LocalAccount, chain: Chain, transport: Transport): Node {
  return createWalletClient({ account, chain, transport })
}

/** The node's result. @throws {EthereumProviderError} with the node's own code and data */
export async function askNode<T>(question: Promise<T>): Promise<T> {
  try {
    return await question
  } catch (error) {
    throw toNodeError(error)
  }
}

/** A transaction as it is signed. Only its nonce may be missing, if the page gave none. */
export type FilledTransaction = TransactionRequest & { readonly type: TransactionType; readonly gas: bigint }

/**
 * Lets the node fill in the fields that a page left out: type, gas and fees. Fields of the page are not changed, whatever
 * the node responds.
 *
 * @throws {EthereumProviderError} with the node's code, -32603 if a field is still missing, or -32602 if one is invalid
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
  // Checked like a page's request, since a node may respond with anything.
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

/** Signs and sends a transaction. Send transactions without a nonce one at a time. */
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
