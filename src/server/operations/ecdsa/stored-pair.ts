import { isProtocolError } from '../../../errors.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../database/types.ts'
import { lockPair } from '../../sets/ot-pairs.ts'
import type { TakenPreprocessing } from '../../sets/preprocessings.ts'
import { readShare } from '../../sets/shares.ts'
import { requireSource } from '../admit.ts'
import type { Caught, Played } from '../turn.ts'
import { advanceEcdsa, type EcdsaRound, type EcdsaTurn } from './advance.ts'
import { ban } from './ban.ts'

/**
 * Plays one round with the set-up of the set, which this transaction holds: checks of one set run one at a time, across
 * all processes. A client that is caught cheating is banned before this transaction ends, and so before it hears of it.
 *
 * @param played what follows from a round without a cheat
 * @param taken the preprocessing that the round completes, if it does
 */
export async function playWithStoredPair(
  context: ServerContext,
  tx: Queryable,
  turn: EcdsaTurn,
  played: (round: EcdsaRound) => Played | Promise<Played>,
  taken?: TakenPreprocessing,
): Promise<Played | Caught> {
  const { clientId, request } = turn
  const { setId } = request
  await requireSource(tx, turn, request)
  const pair = await lockPair(context, tx, { clientId, setId })
  try {
    // A transaction that had caught it did not commit, this one's first attempt or another's.
    const before = context.caught.get(setId)
    if (before !== undefined) throw before
    const half = await readShare(context, tx, clientId, setId)
    return await played(advanceEcdsa(context, turn, half, pair, taken ?? turn.state))
  } catch (error) {
    if (!(isProtocolError(error) && error.ban)) throw error
    return await ban(context, tx, { clientId, setId }, error)
  } finally {
    pair.dispose()
  }
}
