import { within } from '../../util/within.ts'
import { freezeJson } from './json.ts'
import { EthereumProviderError, PROVIDER_CODES, toDenial } from './provider-error.ts'
import type { ProviderRequest } from './signature-request.ts'

/** Asks the user for approval. Returns true if the user approves; any other result is a refusal. */
export type Approve = (
  request: ProviderRequest,
  options: {
    /** Aborted when the time is over. */
    readonly signal: AbortSignal
  },
) => boolean | Promise<boolean>

/** The longest delay of a timer. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Wraps `approve` with a time limit.
 *
 * @param timeoutMs 1 to 2^31 − 1
 * @returns a function that returns only if `approve` has returned true in time. It throws an {@link EthereumProviderError}:
 *   4001 if the request was refused, aborted or not approved in time; another code of EIP-1193 or JSON-RPC if `approve`
 *   failed
 * @throws {TypeError | RangeError} if an argument is wrong
 */
export function createApproval(approve: Approve, timeoutMs: number): (request: ProviderRequest) => Promise<void> {
  if (typeof approve !== 'function') throw new TypeError('approve must be a function')
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > LONGEST_MS) {
    throw new RangeError(`approvalTimeoutMs must be a whole number from 1 to ${LONGEST_MS}`)
  }
  return async (request) => {
    const late = (): Error => refusal('nobody approved the request in time')
    const answer = await within(timeoutMs, (signal) => ask(approve, request, signal), late)
    if (answer !== true) throw refusal('the user refused the request')
  }
}

function refusal(message: string): EthereumProviderError {
  return new EthereumProviderError(PROVIDER_CODES.userRejected, message)
}

async function ask(approve: Approve, request: ProviderRequest, signal: AbortSignal): Promise<unknown> {
  try {
    return await approve(freezeJson(request), { signal })
  } catch (error) {
    throw toDenial(error)
  }
}
