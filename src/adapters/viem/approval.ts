import { within } from '../../util/within.ts'
import { freezeJson } from './json.ts'
import { EthereumProviderError, PROVIDER_CODES, toDenial } from './provider-error.ts'
import type { ProviderRequest } from './signature-request.ts'

/** What a hook that asks the user gets beside its question. */
export interface QuestionOptions {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal
}

/** Asks the user for approval. Returns true if the user approves; any other result is a refusal. */
export type Approve = (request: ProviderRequest, options: QuestionOptions) => boolean | Promise<boolean>

/** The longest delay of a timer. */
const LONGEST_MS = 2 ** 31 - 1

/** @throws {TypeError | RangeError} if it is not a time for a timer */
export function expectTimeout(timeoutMs: number): void {
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= LONGEST_MS) return
  throw new RangeError(`approvalTimeoutMs must be a whole number from 1 to ${LONGEST_MS}`)
}

/**
 * Wraps `approve` with a time limit.
 *
 * @param timeoutMs 1 to 2^31 − 1
 * @returns a function that returns only if `approve` has returned true in time. It throws an {@link EthereumProviderError}:
 *   4001 if the request was refused, aborted or not approved in time; another code of EIP-1193 or JSON-RPC if `approve`
 *   failed
 * @throws {TypeError} if `approve` is no function
 */
export function createApproval(approve: Approve, timeoutMs: number): (request: ProviderRequest) => Promise<void> {
  if (typeof approve !== 'function') throw new TypeError('approve must be a function')
  return async (request) => {
    if ((await askUser(approve, request, timeoutMs)) !== true) throw refusal('the user refused the request')
  }
}

/**
 * Asks the user, with a time limit. The question is frozen.
 *
 * @returns what the hook returns
 * @throws {EthereumProviderError} 4001 if it is too late or was aborted, else the code of the hook's error
 */
export async function askUser<Q, A>(
  hook: (question: Q, options: QuestionOptions) => A | Promise<A>,
  question: Q,
  timeoutMs: number,
): Promise<A> {
  const late = (): Error => refusal('nobody approved the request in time')
  const ask = async (signal: AbortSignal): Promise<A> => {
    try {
      return await hook(freezeJson(question), { signal })
    } catch (error) {
      throw toDenial(error)
    }
  }
  return within(timeoutMs, ask, late)
}

/** An error with the code of a refusal by the user. */
export function refusal(message: string): EthereumProviderError {
  return new EthereumProviderError(PROVIDER_CODES.userRejected, message)
}
