import { isProtocolError } from '../../../errors.ts'
import type { OtState } from '../../../protocol/ecdsa/index.ts'
import type { WalletShares } from '../../../key-share/index.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { lockOtState } from '../../sets/ot-states.ts'
import type { TakenPreprocessing } from '../../sets/preprocessings.ts'
import { readShare } from '../../sets/shares.ts'
import type { Banned, RoundOutput } from '../round.ts'
import { advanceEcdsa, type EcdsaRound, type EcdsaInput } from './advance.ts'
import { ban } from './ban.ts'
import { requireSource } from '../source.ts'

/**
 * Plays one round with the setup of the set, which this transaction holds: checks of one set run one at a time, across
 * all processes. A client that is caught cheating is banned before this transaction ends, and so before it hears of it.
 *
 * @param toOutput what follows from a round without a cheat
 * @param taken the preprocessing that the round completes, if it does
 */
export async function withStoredOtState(
  context: ServerContext,
  tx: Queryable,
  input: EcdsaInput,
  toOutput: (round: EcdsaRound) => RoundOutput | Promise<RoundOutput>,
  taken?: TakenPreprocessing,
): Promise<RoundOutput | Banned> {
  const { clientId, request } = input
  const { setId } = request
  await requireSource(tx, input, request)
  const otState = await lockOtState(context, tx, { clientId, setId })
  const readServerShare = () => readShare(context, tx, clientId, setId)
  return advanceWithOtState(context, tx, input, { otState, readServerShare, from: taken ?? input.state }, toOutput)
}

/** What {@link advanceWithOtState} plays with. */
interface Locked {
  /** The setup, whose row this transaction holds; wiped. */
  readonly otState: OtState
  readonly readServerShare: () => WalletShares | Promise<WalletShares>
  readonly from: Uint8Array | TakenPreprocessing | undefined
}

/** {@link withStoredOtState} once the setup is held. */
export async function advanceWithOtState<T extends object>(
  context: ServerContext,
  tx: Queryable,
  input: EcdsaInput,
  { otState, readServerShare, from }: Locked,
  toOutput: (round: EcdsaRound) => T | Promise<T>,
): Promise<T | Banned> {
  const { clientId, request } = input
  const { setId } = request
  try {
    // A transaction that had caught it did not commit, this one's first attempt or another's.
    const before = context.caught.get(setId)
    if (before !== undefined) throw before
    return await toOutput(advanceEcdsa(context, input, await readServerShare(), otState, from))
  } catch (error) {
    if (!(isProtocolError(error) && error.ban)) throw error
    return await ban(context, tx, { clientId, setId }, error)
  } finally {
    otState.dispose()
  }
}
