import { hashTypedData, type TypedDataDefinition } from 'viem'

import { errorMessage } from '../../util/brand.ts'
import { refuseParams } from './provider-error.ts'

/**
 * Reads the second parameter of `eth_signTypedData_v4`: typed data of EIP-712, mostly as JSON text.
 *
 * @throws {EthereumProviderError} -32602 if it is not, or is meant for another chain
 */
export function parseTypedData(value: unknown, chainId: number): TypedDataDefinition {
  const { types, domain = {}, primaryType, message } = fields(typeof value === 'string' ? parseJson(value) : value)
  if (typeof primaryType !== 'string') return refuseParams('primaryType must be a string')
  const typedData = { types: fields(types), domain: fields(domain), primaryType, message: fields(message) }
  if (!isForChain(typedData.domain['chainId'], chainId)) refuseParams(`the typed data is not for chain ${chainId}`)
  try {
    // It validates what it hashes, the ranges of numbers included.
    hashTypedData(typedData as TypedDataDefinition)
  } catch (error) {
    refuseParams(errorMessage(error) ?? 'not typed data')
  }
  return typedData as TypedDataDefinition
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return refuseParams('typed data must be JSON')
  }
}

function fields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuseParams('not typed data')
  return value as Record<string, unknown>
}

/** A domain without a chain is good on each; the others write theirs as number, decimal or hex. */
function isForChain(domainChainId: unknown, chainId: number): boolean {
  if (domainChainId === undefined) return true
  try {
    return BigInt(domainChainId as string) === BigInt(chainId)
  } catch {
    return false
  }
}
