import { isProtocolError } from '../../../errors.ts'
import type { OtState } from '../../../protocol/ecdsa/index.ts'
import type { WalletShares } from '../../../key-share/index.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { lockOtState } from '../../sets/ot-states.ts'
import type { TakenPreprocessing } from '../../sets/preprocessings.ts'
import { readShare } from '../../sets/shares.ts'
import type { Banned, RoundOutput } from '../round.ts'
import { advanceEcdsa, type EcdsaRound, type EcdsaTurn } from './advance.ts'
import { ban } from './ban.ts'
import { requireSource } from '../source.ts'

/**
 * Plays one round with the setup of the set, which this transaction holds: checks of one set run one at a time, across
 * all processes. A client that is caught cheating is banned before this transaction ends, and so before it hears of it.
 *
 * @param played what follows from a round without a cheat
 * @param taken the preprocessing that the round completes, if it does
 */
export async function withStoredOtState(
  context: ServerContext,
  tx: Queryable,
  turn: EcdsaTurn,
  played: (round: EcdsaRound) => RoundOutput | Promise<RoundOutput>,
  taken?: TakenPreprocessing,
): Promise<RoundOutput | Banned> {
  const { clientId, request } = turn
  const { setId } = request
  await requireSource(tx, turn, request)
  const pair = await lockOtState(context, tx, { clientId, setId })
  const readHalf = () => readShare(context, tx, clientId, setId)
  return playWithLocked(context, tx, turn, { pair, readHalf, from: taken ?? turn.state }, played)
}

/** What {@link playWithLocked} plays with. */
interface Locked {
  /** The setup, whose row this transaction holds; wiped. */
  readonly pair: OtState
  readonly readHalf: () => WalletShares | Promise<WalletShares>
  readonly from: Uint8Array | TakenPreprocessing | undefined
}

/** {@link withStoredOtState} once the setup is held. */
export async function playWithLocked<T extends object>(
  context: ServerContext,
  tx: Queryable,
  turn: EcdsaTurn,
  { pair, readHalf, from }: Locked,
  played: (round: EcdsaRound) => T | Promise<T>,
): Promise<T | Banned> {
  const { clientId, request } = turn
  const { setId } = request
  try {
    // A transaction that had caught it did not commit, this one's first attempt or another's.
    const before = context.caught.get(setId)
    if (before !== undefined) throw before
    return await played(advanceEcdsa(context, turn, await readHalf(), pair, from))
  } catch (error) {
    if (!(isProtocolError(error) && error.ban)) throw error
    return await ban(context, tx, { clientId, setId }, error)
  } finally {
    pair.dispose()
  }
}
