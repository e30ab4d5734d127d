import type { ProtocolError } from '../../../errors.ts'
import type { ServerContext } from '../../context.ts'
import type { Isolation, Queryable } from '../../../service/database/types.ts'
import { logBan, poisonStoredOtState, type OtStateKey } from '../../sets/ot-states.ts'
import { deletePreprocessings } from '../../sets/preprocessings.ts'
import { abortOpen } from '../../rounds/decisions.ts'
import type { Banned } from '../round.ts'

/**
 * The ban rule (docs/ecdsa.md): each detection tells the client a bit of the server's secret, so there is never a second
 * one. The transaction that holds the setup poisons it and changes nothing else: a client that could make it fail, by
 * whatever it does elsewhere at the same time, would have its bit and no ban.
 */
export async function ban(
  context: ServerContext,
  tx: Queryable,
  key: OtStateKey,
  caught: ProtocolError,
): Promise<Banned> {
  context.caught.set(key.setId, caught)
  await poisonStoredOtState(context, tx, key, caught)
  return { caught }
}

/**
 * Runs a transaction that may ban the client. If it does not commit, the ban is written by itself, before anything is
 * answered; until one of them has, this process refuses the set.
 */
export async function transactOrBan<T extends object>(
  context: ServerContext,
  key: OtStateKey,
  work: (tx: Queryable) => Promise<T | Banned>,
  isolation?: Isolation,
): Promise<T | Banned> {
  const outcome = await context.database.transaction(work, isolation).catch(async (error: unknown) => {
    const caught = context.caught.get(key.setId)
    if (caught === undefined) throw error
    context.onError(error)
    return context.database.transaction((tx) => ban(context, tx, key, caught))
  })
  if (!('caught' in outcome)) return outcome
  context.caught.delete(key.setId)
  await endSessions(context, key).catch(context.onError)
  await logBan(context, key.setId).catch(context.onError)
  return outcome
}

/** Ends all else that goes on with a poisoned set. None of it could go on anyway: what it needs is poisoned. */
async function endSessions(context: ServerContext, { clientId, setId }: OtStateKey): Promise<void> {
  await deletePreprocessings(context.database, setId)
  await abortOpen(context, clientId, 'set_id', setId)
}
