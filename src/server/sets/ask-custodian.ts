import type { Custodian } from '../../custodian/types.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import { within } from '../../util/within.ts'
import type { ServerContext } from '../context.ts'

type Asking = Pick<ServerContext, 'custodian' | 'limits' | 'onError'>

/**
 * Asks the custodian for something. What it throws, or no answer within `limits.custodianMs`, goes to `onError`; of its own
 * words a client hears only those of a WEBHOOK_FAILED.
 *
 * @param ask gets a signal that is aborted when nobody waits any more
 * @throws {WEBHOOK_FAILED} if the custodian did not do it, or there is none
 */
export async function askCustodian<T>(
  context: Asking,
  ask: (custodian: Custodian, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await waitForCustodian(context, ask)
  } catch (cause) {
    context.onError(cause)
    if (isMpcError(cause) && cause.code === 'WEBHOOK_FAILED') throw cause
    throw new MpcError('WEBHOOK_FAILED', 'the custodian could not be asked', { cause })
  }
}

/**
 * {@link askCustodian} for who tells of a failure himself: of whatever kind it is.
 *
 * @throws {unknown} what the custodian throws; WEBHOOK_FAILED if it took too long, or there is none
 */
export async function waitForCustodian<T>(
  context: Pick<Asking, 'custodian' | 'limits'>,
  ask: (custodian: Custodian, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const custodian = requireCustodian(context)
  return within(context.limits.custodianMs, (signal) => ask(custodian, signal), late)
}

/** @throws {WEBHOOK_FAILED} if there is no custodian: nothing can be backed up or recovered */
export function requireCustodian({ custodian }: Pick<Asking, 'custodian'>): Custodian {
  if (custodian !== undefined) return custodian
  throw new MpcError('WEBHOOK_FAILED', 'this server has no custodian: it makes no backups and recovers nothing', {
    retryable: false,
  })
}

function late(): MpcError {
  return new MpcError('WEBHOOK_FAILED', 'the custodian took too long')
}
