import type { ProtocolError } from '../../errors.ts'
import type { ServerContext } from '../context.ts'
import type { Isolation, Queryable } from '../../service/database/types.ts'
import { ban } from '../operations/ecdsa/ban.ts'
import { logBan, type OtStateKey } from '../sets/ot-states.ts'
import { deletePreprocessings } from '../sets/preprocessings.ts'
import { abortOpen } from './decisions.ts'

/** The client was caught cheating: the ban is durable, and the request fails with this error. */
export interface Banned {
  readonly banned: ProtocolError
}

/**
 * Runs a transaction that may ban the client. If it does not commit, the ban is written by itself before the server
 * responds. Until the ban is durable, this process refuses the set.
 */
export async function transactOrBan<T extends object>(
  context: ServerContext,
  key: OtStateKey,
  work: (tx: Queryable) => Promise<T | Banned>,
  isolation?: Isolation,
): Promise<T | Banned> {
  const result = await context.database.transaction(work, isolation).catch(async (error: unknown) => {
    const caught = context.caught.get(key.setId)
    if (caught === undefined) throw error
    context.onError(error)
    return context.database.transaction((tx) => ban(context, tx, key, caught))
  })
  if (!('banned' in result)) return result
  context.caught.delete(key.setId)
  await endSessions(context, key).catch(context.onError)
  await logBan(context, key.setId).catch(context.onError)
  return result
}

/** Ends all other open operations of a poisoned set. None of them could continue: their OT state is poisoned. */
async function endSessions(context: ServerContext, { clientId, setId }: OtStateKey): Promise<void> {
  await deletePreprocessings(context.database, setId)
  await abortOpen(context, clientId, 'set_id', setId)
}
