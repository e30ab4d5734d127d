import { isProtocolError } from '../../../errors.ts'
import type { OtState } from '../../../protocol/ecdsa/index.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { lockOtStateAndPreprocessing, lockSet, type LockedSet } from '../../sets/ot-states.ts'
import type { TakenPreprocessing } from '../../sets/preprocessings.ts'
import { openShare } from '../../sets/shares.ts'
import type { RoundOutput } from '../round.ts'
import { openSourceShare, requireFit } from '../source.ts'
import { advanceEcdsa, type EcdsaRound, type EcdsaInput } from './advance.ts'
import { ban } from './ban.ts'

/** Makes the output of a round in which the client was not caught cheating. */
type ToOutput = (round: EcdsaRound) => RoundOutput | Promise<RoundOutput>

/**
 * Runs one round with the setup of the set, whose row this transaction holds: checks of one set run one at a time, across
 * all processes. A client that is caught cheating is banned before this transaction ends, and so before it learns of it.
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
  await requireFit(tx, input, request, locked?.set)
  const { share, openOtState } = locked as LockedSet
  const otState = openOtState()
  const advance = () =>
    advanceEcdsa(context, input, { serverShare: openShare(context, clientId, setId, share), otState }, taken ?? state)
  return advanceOrBan(context, tx, { input, otState }, async () => toOutput(advance()))
}

/**
 * {@link withStoredOtState} that completes a preprocessing. Where that was not taken before, this transaction takes it
 * together with the setup.
 */
export async function withPreprocessing(
  context: ServerContext,
  tx: Queryable,
  input: EcdsaInput & { readonly preprocessingId: string },
  toOutput: ToOutput,
): Promise<RoundOutput> {
  if (input.taken !== undefined) return withStoredOtState(context, tx, input, toOutput)
  const { clientId, epoch, request } = input
  const key = { clientId, setId: request.setId, id: input.preprocessingId }
  const { otState, taken } = await lockOtStateAndPreprocessing(context, tx, key, epoch)
  const advance = (from: TakenPreprocessing) =>
    advanceEcdsa(context, input, { serverShare: openSourceShare(context, input), otState }, from)
  return advanceOrBan(context, tx, { input, otState }, async () => toOutput(advance(taken)))
}

/** @param otState wiped */
async function advanceOrBan(
  context: ServerContext,
  tx: Queryable,
  { input, otState }: { readonly input: EcdsaInput; readonly otState: OtState },
  advance: () => Promise<RoundOutput>,
): Promise<RoundOutput> {
  const { clientId, request } = input
  const { setId } = request
  try {
    // A transaction that had caught it did not commit, this one's first attempt or another's.
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
