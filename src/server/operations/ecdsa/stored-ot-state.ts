import { isProtocolError } from '../../../errors.ts'
import type { OtState } from '../../../protocol/ecdsa/index.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { lockOtStateAndPreprocessings, lockSet, type LockedSet } from '../../sets/ot-states.ts'
import type { TakenPreprocessing } from '../../sets/preprocessings.ts'
import { openShare } from '../../sets/shares.ts'
import type { RoundOutput } from '../round.ts'
import { openSourceShare, requireFit } from '../source.ts'
import { advanceEcdsa, type EcdsaRound, type EcdsaInput } from './advance.ts'
import { ban } from './ban.ts'

/** Computes the output of a round in which no cheat was detected. */
type ToOutput = (round: EcdsaRound) => RoundOutput | Promise<RoundOutput>

/**
 * Runs one round with the OT state of the set. This transaction locks its row, so the checks of one set run one at a time,
 * across all processes. A client that is caught cheating is banned before this transaction ends, so before it can learn of
 * it.
 */
export async function withStoredOtState(
  context: ServerContext,
  tx: Queryable,
  input: EcdsaInput,
  toOutput: ToOutput,
): Promise<RoundOutput> {
  const { clientId, request, state, taken } = input
  const { setId } = request
  const locked = await lockSet(context, tx, { clientId, setId })
  await requireFit(context, tx, input, { request, set: locked?.set })
  const { share, openOtState } = locked as LockedSet
  const otState = openOtState()
  const advance = () =>
    advanceEcdsa(context, input, { serverShare: openShare(context, clientId, setId, share), otState }, taken ?? state)
  return advanceOrBan(context, tx, { input, otState }, async () => toOutput(await advance()))
}

/**
 * {@link withStoredOtState} for the completion of preprocessings. If they were not taken before, this transaction takes all of
 * them together with the OT state.
 */
export async function withPreprocessings(
  context: ServerContext,
  tx: Queryable,
  input: EcdsaInput & { readonly preprocessingIds: readonly string[] },
  toOutput: ToOutput,
): Promise<RoundOutput> {
  if (input.taken !== undefined) return withStoredOtState(context, tx, input, toOutput)
  const { clientId, epoch, request, preprocessingIds } = input
  const key = { clientId, setId: request.setId }
  const { otState, taken } = await lockOtStateAndPreprocessings(context, tx, { ...key, ids: preprocessingIds }, epoch)
  const advance = (from: readonly TakenPreprocessing[]) =>
    advanceEcdsa(context, input, { serverShare: openSourceShare(context, input), otState }, from)
  return advanceOrBan(context, tx, { input, otState }, async () => toOutput(await advance(taken)))
}

/** @param otState the OT state, which is wiped */
async function advanceOrBan(
  context: ServerContext,
  tx: Queryable,
  { input, otState }: { readonly input: EcdsaInput; readonly otState: OtState },
  advance: () => Promise<RoundOutput>,
): Promise<RoundOutput> {
  const { clientId, request } = input
  const { setId } = request
  try {
    // A transaction that had detected a cheat did not commit: an earlier attempt of this one, or another.
    const before = context.caught.get(setId)
    if (before !== undefined) throw before
    return await advance()
  } catch (error) {
    if (!(isProtocolError(error) && error.ban)) throw error
    return await ban(context, tx, { clientId, setId }, error)
  } finally {
    otState.dispose()
  }
}
