import {
  createWalletClient,
  numberToHex,
  stringToHex,
  type Chain,
  type EIP1193Provider,
  type EIP1193RequestFn,
  type Hex,
  type LocalAccount,
  type Transport,
} from 'viem'

import {
  EthereumProviderError,
  isUnreachable,
  PROVIDER_CODES,
  refuseParams,
  toProviderError,
} from './provider-error.ts'
import { createProviderEvents } from './provider-events.ts'
import { data, parseTransactionRequest } from './transaction-request.ts'
import { parseTypedData } from './typed-data.ts'

/** A request of EIP-1193. */
export interface ProviderRequest {
  readonly method: string
  readonly params: readonly unknown[]
}

export interface EthereumProviderParameters {
  /** Whose address the provider shows, and who signs: an {@link ethereumAccount}. */
  readonly account: LocalAccount
  readonly chain: Chain
  /** How the chain's node is reached, such as viem's `http()`. */
  readonly transport: Transport
  /**
   * Asks the user before each signature; anything but true refuses it with 4001. Every request is signed if absent.
   */
  readonly approve?: (request: ProviderRequest) => boolean | Promise<boolean>
}

/** Methods by which the node would sign, or send what a request cannot carry. */
const UNSUPPORTED = /^(?:eth_sign|eth_subscribe|eth_unsubscribe|personal_)/

/**
 * An Ethereum provider (EIP-1193) over an account: it signs `personal_sign`, `eth_signTypedData_v4` and
 * `eth_sendTransaction`, and hands what only reads on to the chain's node.
 *
 * The account is the application's own, so `eth_accounts` names it at once. There is one account and one chain, so
 * `accountsChanged` and `chainChanged` are never emitted. Transactions are sent one after the other, so that each finds
 * its nonce. Every error has a code of EIP-1193 or JSON-RPC.
 *
 * @example
 * const account = await ethereumAccount(client, { walletId: wallet.id })
 * const provider = ethereumProvider({ account, chain: mainnet, transport: http(), approve: askTheUser })
 */
export function ethereumProvider({
  account,
  chain,
  transport,
  approve = () => true,
}: EthereumProviderParameters): EIP1193Provider {
  const events = createProviderEvents()
  const chainId = numberToHex(chain.id)
  let connected = false
  let lastSent: Promise<unknown> = Promise.resolve()

  const node = createWalletClient({ account, chain, transport: observed(transport, onAnswer, onFailure) })

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

  async function answer(request: ProviderRequest): Promise<unknown> {
    const { method, params } = request
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return [account.address]
      case 'eth_coinbase':
        return account.address
      case 'eth_chainId':
        return chainId
      case 'net_version':
        return String(chain.id)
      case 'wallet_switchEthereumChain':
        return switchChain(params[0])
      case 'personal_sign':
        return personalSign(request)
      case 'eth_signTypedData_v4':
        return signTypedData(request)
      case 'eth_sendTransaction':
        return sendTransaction(request)
    }
    // After a transaction that fails, viem tries wallet_sendTransaction: only if there is none does it say what failed.
    if (method.startsWith('wallet_')) {
      throw new EthereumProviderError(PROVIDER_CODES.methodNotFound, `there is no method ${method}`)
    }
    if (UNSUPPORTED.test(method)) {
      throw new EthereumProviderError(PROVIDER_CODES.unsupportedMethod, `${method} is not supported`)
    }
    return (node.request as EIP1193RequestFn)({ method, params } as never)
  }

  function switchChain(parameter: unknown): null {
    const wanted = (parameter as { chainId?: unknown } | undefined)?.chainId
    if (typeof wanted !== 'string') return refuseParams('expected a chainId')
    if (wanted.toLowerCase() === chainId) return null
    throw new EthereumProviderError(PROVIDER_CODES.unknownChain, `this provider is for chain ${chainId} only`)
  }

  async function personalSign(request: ProviderRequest): Promise<Hex> {
    const [message, signer] = request.params
    expectAccount(signer)
    // Some pages send the text itself where bytes in hex are meant.
    const isText = typeof message === 'string' && !message.startsWith('0x')
    const raw = isText ? stringToHex(message) : data(message, 'message')
    await expectApproval(request)
    return account.signMessage({ message: { raw } })
  }

  async function signTypedData(request: ProviderRequest): Promise<Hex> {
    const [signer, value] = request.params
    expectAccount(signer)
    const typedData = parseTypedData(value, chain.id)
    await expectApproval(request)
    return account.signTypedData(typedData)
  }

  async function sendTransaction(request: ProviderRequest): Promise<Hex> {
    const { from, chainId: wanted = chain.id, ...transaction } = parseTransactionRequest(request.params[0])
    if (from !== undefined) expectAccount(from)
    if (wanted !== chain.id) refuseParams(`this provider is for chain ${chainId} only`)
    await expectApproval(request)
    const sent = lastSent.then(() => node.sendTransaction(transaction as Parameters<typeof node.sendTransaction>[0]))
    lastSent = sent.catch(() => undefined)
    return sent
  }

  function expectAccount(address: unknown): void {
    if (typeof address !== 'string') refuseParams('expected an address')
    if (address.toLowerCase() === account.address.toLowerCase()) return
    throw new EthereumProviderError(PROVIDER_CODES.unauthorized, `this provider does not sign for ${address}`)
  }

  async function expectApproval(request: ProviderRequest): Promise<void> {
    if ((await approve(request)) === true) return
    throw new EthereumProviderError(PROVIDER_CODES.userRejected, 'the user refused the request')
  }

  const request = async ({ method, params = [] }: { method: string; params?: unknown }): Promise<unknown> => {
    try {
      if (typeof method !== 'string') refuseParams('method must be a string')
      if (!Array.isArray(params)) refuseParams('params must be a list')
      // A copy: what has been approved is what will be signed.
      return await answer({ method, params: structuredClone(params) as unknown[] })
    } catch (error) {
      throw toProviderError(error)
    }
  }
  return { ...events.listeners, request: request as EIP1193Provider['request'] }
}

/** The transport, and whether it reaches a node. */
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
