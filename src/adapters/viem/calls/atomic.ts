import { concatHex, type Address, type Hex, type LocalAccount } from 'viem'

import { BATCH_MODE, type BatchCall } from '../../../util/erc7821.ts'
import type { ConnectedChain } from '../chains.ts'
import { EthereumProviderError, PROVIDER_CODES } from '../provider-error.ts'
import { quantity } from '../rpc-values.ts'
import { askNode } from '../send-transaction.ts'
import type { Call } from './request.ts'

/** How far an account executes batches in one transaction (EIP-5792): now, once its code is set, or not. */
export type AtomicStatus = 'supported' | 'ready' | 'unsupported'

/** A contract with ERC-7821's `execute`, whose code an account may have (EIP-7702). */
export interface Delegate {
  readonly address: Address
  /** The contract's own code. */
  readonly code: Hex
}

/** Whether an account executes batches, and by which contract. */
export type Atomicity =
  { readonly status: 'unsupported' } | { readonly status: 'supported' | 'ready'; readonly delegate: Delegate }

/** `supportsExecutionMode(bytes32)` */
const SUPPORTS_MODE = '0xd03c7914'

/** Of each authorization of an account that is new (EIP-7702, 25,000), and the first access to its code. */
const AUTHORIZATION_GAS = 30_000n

/** What an account's code is if it is that of a contract (EIP-7702). */
const designator = (delegate: Address): string => `0xef0100${delegate.slice(2).toLowerCase()}`

/**
 * Finds out whether the account executes batches. The node is asked, so that a batch never goes to an account without the
 * code for it: there, it would succeed and do nothing.
 *
 * @param address of the contract that the app has chosen for this chain
 */
export async function findAtomicity(
  chain: ConnectedChain,
  account: LocalAccount,
  address: Address | undefined,
): Promise<Atomicity> {
  if (address === undefined) return { status: 'unsupported' }
  const [own, code, supports] = await Promise.all([
    codeOf(chain, account.address),
    codeOf(chain, address),
    ask(chain, 'eth_call', [{ to: address, data: concatHex([SUPPORTS_MODE, BATCH_MODE]) }, 'latest']),
  ])
  const isExecutor = code !== '0x' && /^0x0{63}1$/.test(supports)
  const status = isExecutor ? statusOf(own, address, account) : 'unsupported'
  return status === 'unsupported' ? { status } : { status, delegate: { address, code } }
}

function statusOf(own: string, delegate: Address, account: LocalAccount): AtomicStatus {
  if (own === designator(delegate)) return 'supported'
  // The code of another contract is the user's choice, and not to be replaced.
  return own === '0x' && account.signAuthorization !== undefined ? 'ready' : 'unsupported'
}

/** @throws {EthereumProviderError} 5760 if the account has got, or lost, code since it was last asked for */
export async function expectStatus(chain: ConnectedChain, account: LocalAccount, known: Atomicity): Promise<void> {
  if (known.status === 'unsupported') return
  const status = statusOf(await codeOf(chain, account.address), known.delegate.address, account)
  if (status !== known.status && status !== 'supported') throw notAtomic()
}

/** An error with the code for what cannot be done in one transaction. */
export function notAtomic(): EthereumProviderError {
  return new EthereumProviderError(PROVIDER_CODES.atomicityUnsupported, 'these calls cannot be executed as one')
}

/**
 * Whether calls can be one transaction by ERC-7821. It reads the zero address as the account itself, and has no creation
 * of contracts. Calls to the account itself are no page's to nest.
 */
export function isBatchable(calls: readonly Call[], account: Address): calls is readonly BatchCall[] {
  return calls.every(({ to }) => to !== undefined && BigInt(to) !== 0n && to.toLowerCase() !== account.toLowerCase())
}

/** The gas of a batch whose transaction sets the account's code first. The node is shown the code as if it were there. */
export async function estimateUpgrade(
  chain: ConnectedChain,
  from: Address,
  data: Hex,
  { code }: Delegate,
): Promise<bigint> {
  const gas = await ask(chain, 'eth_estimateGas', [{ from, to: from, data }, 'latest', { [from]: { code } }])
  return quantity(gas, 'gas', 63) + AUTHORIZATION_GAS
}

async function codeOf(chain: ConnectedChain, address: Address): Promise<Hex> {
  return (await ask(chain, 'eth_getCode', [address, 'latest'])).toLowerCase() as Hex
}

async function ask({ node }: ConnectedChain, method: string, params: readonly unknown[]): Promise<string> {
  const result: unknown = await askNode<unknown>(node.request({ method, params } as never))
  if (typeof result === 'string') return result
  throw new EthereumProviderError(PROVIDER_CODES.internal, `the node's response to ${method} is not in hex`)
}
