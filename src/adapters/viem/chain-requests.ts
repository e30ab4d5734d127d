import { numberToHex, type LocalAccount } from 'viem'

import { assertObject } from '../../util/arguments.ts'
import { askUser, refusal, type QuestionOptions } from './approval.ts'
import { expectChain, type ConnectedChain, type EthereumChain, type ProviderChains } from './chains.ts'
import { EthereumProviderError, PROVIDER_CODES, refuseParams } from './provider-error.ts'
import { object, safeInteger } from './rpc-values.ts'
import { askNode, connectNode } from './send-transaction.ts'
import { isText } from './values.ts'

/** What a page says of a chain that the provider does not know (`wallet_addEthereumChain`, EIP-3085). Nothing of it is proven. */
export interface AddChainRequest {
  /** The chain's id (EIP-155). */
  readonly chainId: number
  /** The name the page gives it. */
  readonly chainName: string
  /** The coin in which fees are paid, as the page describes it. */
  readonly nativeCurrency: {
    /** Such as `Ether`. */
    readonly name: string
    /** Such as `ETH`. */
    readonly symbol: string
    /** The digits after the decimal point. */
    readonly decimals: number
  }
  /** The nodes the page names, by `https`, or by `http` on this computer. One of a stranger can show whatever it wants. */
  readonly rpcUrls: readonly string[]
  /** The sites that show blocks, by `https`. */
  readonly blockExplorerUrls: readonly string[]
}

/** Decides about a chain that a page wants to add. Returns the chain, or undefined to refuse it. */
export type AddChain = (
  request: AddChainRequest,
  options: QuestionOptions,
) => EthereumChain | undefined | Promise<EthereumChain | undefined>

/** The longest name, and the longest URL, of a chain to add. */
const LONGEST_NAME = 256
const LONGEST_URL = 2048
const MOST_URLS = 16

/**
 * `wallet_switchEthereumChain` (EIP-3326).
 *
 * @throws {EthereumProviderError} -32602 for wrong parameters, 4902 for a chain that the provider does not know
 */
export function switchChain(chains: ProviderChains, parameter: unknown): null {
  const id = chainId(object(parameter, 'the parameter')['chainId'])
  const chain = chains.find(id)
  if (chain === undefined) {
    throw new EthereumProviderError(PROVIDER_CODES.unknownChain, `this provider does not know the chain ${id}`)
  }
  chains.activate(chain)
  return null
}

/**
 * `wallet_addEthereumChain` (EIP-3085). The chain becomes the active one, as with other wallets. A chain that is known
 * already stays as it is.
 *
 * @throws {EthereumProviderError} -32602 for wrong parameters, 4200 without `addChain`, 4001 if it refuses, -32603 if the
 *   node that it returns is one of another chain
 */
export async function addChain(
  chains: ProviderChains,
  parameter: unknown,
  {
    account,
    hook,
    timeoutMs,
  }: { readonly account: LocalAccount; readonly hook: AddChain | undefined; readonly timeoutMs: number },
): Promise<null> {
  const request = readRequest(parameter)
  const chain = chains.find(request.chainId) ?? (await added())
  chains.activate(chain)
  return null

  async function added(): Promise<ConnectedChain> {
    if (hook === undefined) {
      throw new EthereumProviderError(PROVIDER_CODES.unsupportedMethod, 'chains cannot be added to this provider')
    }
    const entry = await askUser(hook, request, timeoutMs)
    if (entry === undefined) throw refusal('the chain was refused')
    expectChain(assertObject(entry, 'addChain'))
    await expectNodeOf(request.chainId, entry, account)
    return chains.add(entry)
  }
}

/** @throws {EthereumProviderError} -32603 unless the chain has this id, and its node says so too (EIP-3085) */
async function expectNodeOf(id: number, { chain, transport }: EthereumChain, account: LocalAccount): Promise<void> {
  const node = connectNode(account, chain, transport)
  const said = chain.id === id ? await askNode(node.request({ method: 'eth_chainId' })) : undefined
  if (typeof said === 'string' && said.toLowerCase() === numberToHex(id)) return
  throw new EthereumProviderError(PROVIDER_CODES.internal, `the node is not one of chain ${id}`)
}

function readRequest(parameter: unknown): AddChainRequest {
  const given = object(parameter, 'the parameter')
  const currency = object(given['nativeCurrency'], 'nativeCurrency')
  const { decimals } = currency
  if (!Number.isInteger(decimals) || (decimals as number) < 0 || (decimals as number) > 77) {
    refuseParams('nativeCurrency.decimals must be a whole number')
  }
  return {
    chainId: chainId(given['chainId']),
    chainName: name(given['chainName'], 'chainName'),
    nativeCurrency: {
      name: name(currency['name'], 'nativeCurrency.name'),
      symbol: name(currency['symbol'], 'nativeCurrency.symbol'),
      decimals: decimals as number,
    },
    rpcUrls: urls(given['rpcUrls'], 'rpcUrls', /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])([:/]|$))/),
    blockExplorerUrls: given['blockExplorerUrls'] ? urls(given['blockExplorerUrls'], 'blockExplorerUrls') : [],
  }
}

/** Reads a chain's id: hex without leading zeros, as EIP-3085 and EIP-3326 have it. */
export function chainId(value: unknown): number {
  const id = safeInteger(value, 'chainId')
  if (id === 0 || (value as string).startsWith('0x0'))
    refuseParams('chainId must be a positive number without zeros before')
  return id
}

function name(value: unknown, place: string): string {
  if (isText(value) && value.trim() !== '' && value.length <= LONGEST_NAME) return value
  return refuseParams(`${place} must be text of at most ${LONGEST_NAME} characters`)
}

function urls(value: unknown, place: string, allowed = /^https:\/\//): readonly string[] {
  const isUrl = (url: unknown): boolean => isText(url) && url.length <= LONGEST_URL && allowed.test(url)
  if (Array.isArray(value) && value.length > 0 && value.length <= MOST_URLS && value.every(isUrl)) {
    return value as readonly string[]
  }
  return refuseParams(`${place} must be a list of URLs with https`)
}
