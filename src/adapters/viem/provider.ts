import type { Chain, EIP1193Provider, EIP1193RequestFn, Hex, LocalAccount, Transport } from 'viem'

import { createApproval, expectTimeout, type Approve } from './approval.ts'
import { createCalls, isCallsMethod, type Delegates } from './calls/calls.ts'
import { addChain, switchChain, type AddChain } from './chain-requests.ts'
import { createChains, type ConnectedChain, type EthereumChain } from './chains.ts'
import { copyJson } from './json.ts'
import { isReadMethod } from './methods.ts'
import { createPermissions, isPermissionMethod } from './permissions.ts'
import { EthereumProviderError, PROVIDER_CODES, readParams, refuseParams, toProviderError } from './provider-error.ts'
import { createProviderEvents } from './provider-events.ts'
import { askNode, fillTransaction, sendTransaction } from './send-transaction.ts'
import { parseSignatureRequest, type SignatureRequest } from './signature-request.ts'
import { formatTransaction, type TransactionRequest } from './transaction-request.ts'
import { readAddress } from './values.ts'
import { assertObject } from '../../util/arguments.ts'

/** Parameters of {@link ethereumProvider}. */
export interface EthereumProviderParameters {
  /** The account that signs, such as an {@link ethereumAccount}. */
  readonly account: LocalAccount
  /** The active chain at the start. */
  readonly chain: Chain
  /** The transport to the chain's node, such as viem's `http()`. */
  readonly transport: Transport
  /** The other chains that a page may switch to (`wallet_switchEthereumChain`). Default: none. */
  readonly otherChains?: readonly EthereumChain[]
  /** Decides about chains that a page wants to add (`wallet_addEthereumChain`). Default: none can be added. */
  readonly addChain?: AddChain
  /**
   * By chain id, a contract with ERC-7821's `execute`. Batches of calls (`wallet_sendCalls`) are then one transaction, by
   * which the account gets the contract's code (EIP-7702). Such a contract can do everything with the account. Default:
   * none; calls of a batch are sent one after the other.
   */
  readonly delegates?: Delegates
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
 * `eth_sendTransaction`, and forwards methods that only read to the node of the active chain.
 *
 * The account belongs to the application, so `eth_accounts` returns it without asking the user, until a page gives it back
 * (`wallet_revokePermissions`). A request belongs to the chain that is active when it is made. Transactions are sent one at
 * a time on each chain, so that each gets the right nonce. Every error has a code of EIP-1193 or JSON-RPC, or the node's
 * own.
 *
 * @throws {TypeError | RangeError} if a chain, a transport, `approve`, `addChain` or `approvalTimeoutMs` is wrong
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
    otherChains = [],
    addChain: hook,
    delegates = {},
    approve = () => true,
    approvalTimeoutMs: timeoutMs = 300_000,
  } = assertObject(options, 'ethereumProvider')
  const { address } = assertObject(account, 'account')
  if (hook !== undefined && typeof hook !== 'function') throw new TypeError('addChain must be a function')
  expectTimeout(timeoutMs)
  const askForApproval = createApproval(approve, timeoutMs)
  const events = createProviderEvents()
  const permissions = createPermissions(address, events)
  const chains = createChains(account, [{ chain, transport }, ...otherChains], events)
  const executors = readDelegates(delegates)
  const answerCalls = createCalls({ account, chains, delegates: executors, expectApproval, send })

  async function answer(method: string, params: readonly unknown[]): Promise<unknown> {
    const { active } = chains
    switch (method) {
      case 'eth_accounts':
        return permissions.accounts()
      case 'eth_requestAccounts':
        return permissions.connect()
      case 'eth_coinbase':
        return permissions.accounts()[0] ?? null
      case 'eth_chainId':
        return active.hexId
      case 'net_version':
        return String(active.id)
      case 'wallet_switchEthereumChain':
        return switchChain(chains, params[0])
      case 'wallet_addEthereumChain':
        return addChain(chains, params[0], { account, hook, timeoutMs })
    }
    if (isPermissionMethod(method)) return permissions.request(method, params)
    if (isCallsMethod(method)) {
      permissions.expectConnected()
      return answerCalls(method, params)
    }
    if (isReadMethod(method)) return askNode((active.node.request as EIP1193RequestFn)({ method, params } as never))
    const request = parseSignatureRequest(method, params, { address, chainId: active.id })
    if (request !== undefined) return sign(active, request)
    // If a transaction fails, viem tries wallet_sendTransaction. It reports the first error only if that does not exist.
    const { methodNotFound, unsupportedMethod } = PROVIDER_CODES
    const code = method.startsWith('wallet_') ? methodNotFound : unsupportedMethod
    throw new EthereumProviderError(code, `${method} is not supported`)
  }

  async function expectApproval(request: Parameters<typeof askForApproval>[0]): Promise<void> {
    await askForApproval(request)
    // The page may have given the account back while the user was asked.
    permissions.expectConnected()
  }

  async function sign(active: ConnectedChain, request: SignatureRequest): Promise<Hex> {
    permissions.expectConnected()
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
        return send(active, request.transaction)
    }
  }

  /** Fills in the transaction before the approval, so that the user sees what it costs. */
  async function send({ id, node, inTurn }: ConnectedChain, asked: TransactionRequest): Promise<Hex> {
    // With the code of a delegate, the account would execute a batch that nobody was shown.
    if (Object.hasOwn(executors, id) && asked.to === address && asked.data !== undefined && asked.data !== '0x') {
      refuseParams('a call to the account itself must be a batch: wallet_sendCalls')
    }
    const transaction = await fillTransaction(node, asked)
    await expectApproval({ method: 'eth_sendTransaction', params: [formatTransaction(transaction)] })
    return inTurn(() => sendTransaction(node, transaction))
  }

  const request = async (given: unknown): Promise<unknown> => {
    try {
      // A copy, so that the checked and approved request is the one that is signed.
      const { method, params = [] } = readParams(() => (copyJson(given) ?? {}) as Partial<Record<string, unknown>>)
      if (typeof method !== 'string') return refuseParams('method must be a string')
      if (!Array.isArray(params)) return refuseParams('params must be a list')
      return await answer(method, params)
    } catch (error) {
      throw withReach(toProviderError(error))
    }
  }

  /** A lost node is 4900 (EIP-1193), unless there is another chain whose node is reached: then it is 4901. */
  function withReach(error: EthereumProviderError): EthereumProviderError {
    const { disconnected, chainDisconnected } = PROVIDER_CODES
    if (error.code !== disconnected || !chains.isReachable) return error
    return new EthereumProviderError(chainDisconnected, error.message, { cause: error })
  }

  return { ...events.listeners, request: request as EIP1193Provider['request'] }
}

/** @throws {TypeError | RangeError} unless all are addresses */
function readDelegates(delegates: Delegates): Delegates {
  const entries = Object.entries(assertObject(delegates, 'delegates')).map(([id, value]) => {
    const address = readAddress(value)
    if (address === undefined) throw new RangeError(`delegates: the contract on chain ${id} must be an address`)
    return [id, address]
  })
  return Object.fromEntries(entries) as Delegates
}
