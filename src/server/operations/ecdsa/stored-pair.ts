import { ProtocolError } from '../../../errors.ts'
import type { OtPair } from '../../../protocol/ecdsa/index.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../database/types.ts'
import { lockPair, storePoisoned } from '../../sets/ot-pairs.ts'
import { deletePresignatures } from '../../sets/presignatures.ts'
import { readShare } from '../../sets/shares.ts'
import { requireSource } from '../admit.ts'
import { recordAbortIn } from '../decide.ts'
import type { Caught, Played } from '../turn.ts'
import { advanceEcdsa, type EcdsaRound, type EcdsaTurn } from './advance.ts'

/**
 * Plays one round with the set-up of the set, which this transaction holds: checks of one set run one at a time, across
 * all processes. A client that is caught cheating is banned before this transaction ends, and so before it hears of it.
 *
 * @param played what follows from a round without a cheat
 */
export async function playWithStoredPair(
  context: ServerContext,
  tx: Queryable,
  turn: EcdsaTurn,
  played: (round: EcdsaRound) => Played | Promise<Played>,
): Promise<Played | Caught> {
  const { clientId, request } = turn
  await requireSource(tx, clientId, request)
  const pair = await lockPair(context, tx, { clientId, setId: request.setId })
  try {
    const half = await readShare(context, tx, clientId, request.setId)
    return await played(advanceEcdsa(context, turn, half, pair, turn.state))
  } catch (error) {
    if (!(error instanceof ProtocolError && error.ban)) throw error
    await ban(context, tx, turn, pair)
    return { caught: error }
  } finally {
    pair.dispose()
  }
}

/**
 * The ban rule (docs/ecdsa.md): each detection tells the client a bit of the server's secret, so there is never a second
 * one. The set-up is poisoned, and every other session of the set is over.
 */
async function ban(context: ServerContext, tx: Queryable, turn: EcdsaTurn, pair: OtPair): Promise<void> {
  const { clientId, request } = turn
  const { setId } = request
  await storePoisoned(context, tx, { clientId, setId }, pair)
  await deletePresignatures(tx, setId)
  const open = await tx.query(
    `select operation_id from reshare_operations open where client_id = $1 and set_id = $2 and not exists
       (select 1 from reshare_decisions decided
        where decided.client_id = open.client_id and decided.operation_id = open.operation_id)`,
    [clientId, setId],
  )
  for (const row of open) await recordAbortIn(context, tx, { clientId, operationId: row['operation_id'] as string })
}
