import {
  numberToHex,
  type Chain,
  type EIP1193Provider,
  type EIP1193RequestFn,
  type Hex,
  type LocalAccount,
  type Transport,
} from 'viem'

import { createApproval, type Approve } from './approval.ts'
import { copyJson } from './json.ts'
import { isReadMethod } from './methods.ts'
import {
  EthereumProviderError,
  isUnreachable,
  PROVIDER_CODES,
  readParams,
  refuseParams,
  toProviderError,
} from './provider-error.ts'
import { createProviderEvents } from './provider-events.ts'
import { askNode, connectNode, fillTransaction, sendTransaction } from './send-transaction.ts'
import { parseSignatureRequest, type SignatureRequest } from './signature-request.ts'
import { formatTransaction, type TransactionRequest } from './transaction-request.ts'
import { assertObject } from '../../util/arguments.ts'

/** Parameters of {@link ethereumProvider}. */
export interface EthereumProviderParameters {
  /** The account that signs, such as an {@link ethereumAccount}. */
  readonly account: LocalAccount
  /** The only chain of the provider. */
  readonly chain: Chain
  /** The transport to the chain's node, such as viem's `http()`. */
  readonly transport: Transport
  /**
   * Asks the user before each signature. Any result but true refuses the request with 4001. Default: every request is
   * signed.
   */
  readonly approve?: Approve
  /** Milliseconds after which a request without approval is refused. Default: 300,000 (five minutes). */
  readonly approvalTimeoutMs?: number
}

/**
 * Creates an Ethereum provider (EIP-1193) for an account. It signs `personal_sign`, `eth_signTypedData_v4` and
 * `eth_sendTransaction`, and forwards methods that only read to the chain's node.
 *
 * The account belongs to the application, so `eth_accounts` returns it without asking the user. There is one account and one
 * chain, so `accountsChanged` and `chainChanged` are never emitted. Transactions are sent one at a time, so that each gets
 * the right nonce. Every error has a code of EIP-1193 or JSON-RPC, or the node's own.
 *
 * @throws {TypeError | RangeError} if `approve` or `approvalTimeoutMs` is wrong
 *
 * @example
 * const account = await ethereumAccount(client, { walletId: wallet.id })
 * const provider = ethereumProvider({ account, chain: mainnet, transport: http(), approve: askTheUser })
 */
export function ethereumProvider(options: EthereumProviderParameters): EIP1193Provider {
  const {
    account,
    chain,
    transport,
    approve = () => true,
    approvalTimeoutMs = 300_000,
  } = assertObject(options, 'ethereumProvider')
  assertObject(account, 'account')
  assertObject(chain, 'chain')
  if (typeof transport !== 'function') throw new TypeError("transport must be one of viem's")
  const expectApproval = createApproval(approve, approvalTimeoutMs)
  const events = createProviderEvents()
  const { address } = account
  const chainId = numberToHex(chain.id)
  let connected = false
  let lastSent: Promise<unknown> = Promise.resolve()

  const node = connectNode(account, chain, observed(transport, onAnswer, onFailure))

  function onAnswer(): void {
    if (connected) return
    connected = true
    events.emit('connect', { chainId })
  }

  function onFailure(error: unknown): void {
    if (!isUnreachable(error)) return onAnswer()
    if (!connected) return
    connected = false
    events.emit('disconnect', toProviderError(error) as never)
  }

  async function answer(method: string, params: readonly unknown[]): Promise<unknown> {
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return [address]
      case 'eth_coinbase':
        return address
      case 'eth_chainId':
        return chainId
      case 'net_version':
        return String(chain.id)
      case 'wallet_switchEthereumChain':
        return switchChain(params[0])
    }
    const request = parseSignatureRequest(method, params, { address, chainId: chain.id })
    if (request !== undefined) return sign(request)
    if (isReadMethod(method)) return askNode((node.request as EIP1193RequestFn)({ method, params } as never))
    // If a transaction fails, viem tries wallet_sendTransaction. It reports the first error only if that does not exist.
    const { methodNotFound, unsupportedMethod } = PROVIDER_CODES
    const code = method.startsWith('wallet_') ? methodNotFound : unsupportedMethod
    throw new EthereumProviderError(code, `${method} is not supported`)
  }

  function switchChain(parameter: unknown): null {
    const wanted = (parameter as { chainId?: unknown } | null | undefined)?.chainId
    if (typeof wanted !== 'string') return refuseParams('expected a chainId')
    if (wanted.toLowerCase() === chainId) return null
    throw new EthereumProviderError(PROVIDER_CODES.unknownChain, `this provider is for chain ${chainId} only`)
  }

  async function sign(request: SignatureRequest): Promise<Hex> {
    switch (request.method) {
      case 'personal_sign': {
        const { method, message } = request
        await expectApproval({ method, params: [message, address] })
        return account.signMessage({ message: { raw: message } })
      }
      case 'eth_signTypedData_v4': {
        const { method, typedData } = request
        await expectApproval({ method, params: [address, typedData] })
        return account.signTypedData(typedData)
      }
      case 'eth_sendTransaction':
        return send(request.transaction)
    }
  }

  /** Fills in the transaction before the approval, so that the user sees what it costs. */
  async function send(asked: TransactionRequest): Promise<Hex> {
    const transaction = await fillTransaction(node, asked)
    await expectApproval({ method: 'eth_sendTransaction', params: [formatTransaction(transaction)] })
    const sent = lastSent.then(() => sendTransaction(node, transaction))
    lastSent = sent.catch(() => undefined)
    return sent
  }

  const request = async (given: unknown): Promise<unknown> => {
    try {
      // A copy, so that the checked and approved request is the one that is signed.
      const { method, params = [] } = readParams(() => (copyJson(given) ?? {}) as Partial<Record<string, unknown>>)
      if (typeof method !== 'string') return refuseParams('method must be a string')
      if (!Array.isArray(params)) return refuseParams('params must be a list')
      return await answer(method, params)
    } catch (error) {
      throw toProviderError(error)
    }
  }
  return { ...events.listeners, request: request as EIP1193Provider['request'] }
}

/** Wraps a transport to learn whether it reaches the node. */
function observed(transport: Transport, onAnswer: () => void, onFailure: (error: unknown) => void): Transport {
  return (options) => {
    const inner = transport(options)
    const request = async (...args: Parameters<typeof inner.request>): Promise<unknown> => {
      try {
        const result: unknown = await inner.request(...args)
        onAnswer()
        return result
      } catch (error) {
        onFailure(error)
        throw error
      }
    }
    return { ...inner, request: request as typeof inner.request }
  }
}
