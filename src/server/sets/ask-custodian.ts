import type { Custodian } from '../../custodian/types.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import { within } from '../../util/within.ts'
import type { ServerContext } from '../context.ts'
import { since } from '../observe.ts'

type Asking = Pick<ServerContext, 'custodian' | 'limits' | 'observe' | 'onError'>

/**
 * Calls the custodian. Its errors, and a timeout (`limits.custodianMs`), go to `onError`. Clients see the message of a
 * WEBHOOK_FAILED only; every other error is replaced by one.
 *
 * @param ask makes the call; its signal is aborted once nobody waits for the result
 * @throws {WEBHOOK_FAILED} if the call failed, or there is no custodian
 */
export async function askCustodian<T>(
  context: Asking,
  ask: (custodian: Custodian, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await waitForCustodian(context, ask)
  } catch (cause) {
    context.onError(cause)
    if (isMpcError(cause, 'WEBHOOK_FAILED')) throw cause
    throw new MpcError('WEBHOOK_FAILED', 'the custodian could not be asked', { cause })
  }
}

/**
 * {@link askCustodian} for callers that report failures themselves.
 *
 * @throws {unknown} what the custodian throws; WEBHOOK_FAILED after a timeout, or if there is no custodian
 */
export async function waitForCustodian<T>(
  context: Omit<Asking, 'onError'>,
  ask: (custodian: Custodian, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const custodian = requireCustodian(context)
  const started = performance.now()
  const end = (outcome: 'ok' | 'failed') => context.observe({ name: 'custodian', outcome, ms: since(started) })
  try {
    const result = await within(context.limits.custodianMs, (signal) => ask(custodian, signal), late)
    end('ok')
    return result
  } catch (error) {
    end('failed')
    throw error
  }
}

/** @throws {WEBHOOK_FAILED} if the server has no custodian, so that it cannot make or recover backups */
export function requireCustodian({ custodian }: Pick<Asking, 'custodian'>): Custodian {
  if (custodian !== undefined) return custodian
  throw new MpcError('WEBHOOK_FAILED', 'this server has no custodian: it makes no backups and recovers nothing', {
    retryable: false,
  })
}

function late(): MpcError {
  return new MpcError('WEBHOOK_FAILED', 'the custodian took too long')
}
