import type { Custodian } from '../../custodian/types.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import { within } from '../../util/within.ts'
import type { ServerContext } from '../context.ts'

type Asking = Pick<ServerContext, 'custodian' | 'limits' | 'onError'>

/**
 * Asks the custodian for something. What it throws, or no answer within `limits.custodianMs`, goes to `onError`; of its own
 * words a client hears only those of a WEBHOOK_FAILED.
 *
 * @throws {WEBHOOK_FAILED} if the custodian did not do it, or there is none
 */
export async function askCustodian<T>(context: Asking, ask: (custodian: Custodian) => Promise<T>): Promise<T> {
  const custodian = requireCustodian(context)
  const { custodianMs } = context.limits
  try {
    return await within(custodianMs, () => ask(custodian), late)
  } catch (cause) {
    context.onError(cause)
    if (isMpcError(cause) && cause.code === 'WEBHOOK_FAILED') throw cause
    throw new MpcError('WEBHOOK_FAILED', 'the custodian could not be asked', { cause })
  }
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
