import {
  createWalletClient,
  type Address,
  type Chain,
  type Hex,
  type LocalAccount,
  type Transport,
  type WalletClient,
} from 'viem'
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

/**
 * Signs and sends a transaction. Send transactions without a nonce one at a time.
 *
 * @param delegate the contract whose code the account gets by it (EIP-7702)
 */
export async function sendTransaction(node: Node, transaction: FilledTransaction, delegate?: Address): Promise<Hex> {
  const { account, chain } = node
  const { address, nonceManager } = account
  const place = { address, chainId: chain.id }
  try {
    const nonce = transaction.nonce ?? (await nextNonce())
    const { from: _from, ...plain } = { ...transaction, nonce }
    const signed = delegate === undefined ? plain : { ...plain, ...(await authorizing(delegate, nonce)) }
    const serializer = chain.serializers?.transaction
    const serializedTransaction = await account.signTransaction(signed as never, serializer && { serializer })
    return await askNode(node.sendRawTransaction({ serializedTransaction }))
  } catch (error) {
    if (transaction.nonce === undefined) nonceManager?.reset(place)
    throw error
  }

  /** The account's nonce has been counted up when the authorization is read (EIP-7702). */
  async function authorizing(contract: Address, nonce: number): Promise<object> {
    const authorization = await account.signAuthorization?.({ address: contract, chainId: chain.id, nonce: nonce + 1 })
    return { type: 'eip7702', authorizationList: [authorization] }
  }

  function nextNonce(): Promise<number> {
    if (nonceManager !== undefined) return askNode(nonceManager.consume({ ...place, client: node }))
    return askNode(getTransactionCount(node, { address, blockTag: 'pending' }))
  }
}
