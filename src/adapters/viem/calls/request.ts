import type { Address, Hex } from 'viem'

import { EthereumProviderError, PROVIDER_CODES, refuseParams } from '../provider-error.ts'
import { address, data, object, quantity } from '../rpc-values.ts'
import { chainId } from '../chain-requests.ts'
import { isText } from '../values.ts'

/** One call of a batch. */
export interface Call {
  /** The recipient; absent for the creation of a contract. */
  readonly to?: Address
  /** In wei. */
  readonly value: bigint
  /** The call data, or the code of a new contract. */
  readonly data: Hex
}

/** The parameter of `wallet_sendCalls` (EIP-5792). */
export interface CallsRequest {
  /** The page's own id of the batch. */
  readonly id?: string
  readonly from?: Address
  /** The chain's id (EIP-155). */
  readonly chainId: number
  readonly atomicRequired: boolean
  readonly calls: readonly [Call, ...Call[]]
}

/** The only version of the method (EIP-5792, final). */
export const CALLS_VERSION = '2.0.0'

/** The most calls of a batch. */
const MOST_CALLS = 64

/** The longest id: 4096 bytes in hex (EIP-5792). */
const LONGEST_ID = 8194

/**
 * Reads the parameter of `wallet_sendCalls`. A field that is unknown is refused, not dropped.
 *
 * @throws {EthereumProviderError} -32602 if it is invalid, 5700 for a capability that is not optional, 5740 for too many calls
 */
export function parseCalls(parameter: unknown): CallsRequest {
  const {
    version,
    id,
    from,
    chainId: chain,
    atomicRequired,
    calls,
    capabilities,
    ...others
  } = object(parameter, 'the batch')
  expectNoOthers(others, 'the batch')
  if (version !== CALLS_VERSION) refuseParams(`version must be ${CALLS_VERSION}`)
  if (typeof atomicRequired !== 'boolean') refuseParams('atomicRequired must be true or false')
  if (!Array.isArray(calls) || calls.length === 0) return refuseParams('calls must be a list of calls')
  if (calls.length > MOST_CALLS) {
    throw new EthereumProviderError(PROVIDER_CODES.bundleTooLarge, `a batch has at most ${MOST_CALLS} calls`)
  }
  expectOptional(capabilities)
  return {
    ...(id !== undefined && { id: parseCallsId(id) }),
    ...(from !== undefined && { from: address(from, 'from') }),
    chainId: chainId(chain),
    atomicRequired: atomicRequired,
    calls: calls.map((call: unknown) => parseCall(call)) as [Call, ...Call[]],
  }
}

/** The id of a batch. @throws {EthereumProviderError} -32602 if it is none */
export function parseCallsId(id: unknown): string {
  if (isText(id) && id !== '' && id.length <= LONGEST_ID) return id
  return refuseParams(`the id of a batch must be text of at most ${LONGEST_ID} characters`)
}

function parseCall(value: unknown): Call {
  const { to, value: wei = '0x0', data: bytes = '0x', capabilities, ...others } = withoutNulls(object(value, 'a call'))
  expectNoOthers(others, 'a call')
  expectOptional(capabilities)
  if (to === undefined && bytes === '0x') refuseParams('a call without a recipient must have data')
  return {
    ...(to !== undefined && { to: address(to, 'to') }),
    value: quantity(wei, 'value', 256),
    data: data(bytes, 'data'),
  }
}

function withoutNulls(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== null))
}

function expectNoOthers(others: object, place: string): void {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) refuseParams(`${place} has an unknown field ${unknown.slice(0, 80)}`)
}

/** Capabilities are passed over if the page allows it (EIP-5792): the provider has none that a batch could ask for. */
function expectOptional(capabilities: unknown): void {
  if (capabilities === undefined) return
  for (const [name, capability] of Object.entries(object(capabilities, 'capabilities'))) {
    const { optional } = (capability ?? {}) as { optional?: unknown }
    if (optional === true) continue
    throw new EthereumProviderError(
      PROVIDER_CODES.unsupportedCapability,
      `the capability ${name.slice(0, 80)} is not supported`,
    )
  }
}
