import type { SignEcdsaRequest } from '../../../wire/operations.ts'
import type { ServerContext } from '../../context.ts'
import { takePreprocessing } from '../../sets/preprocessings.ts'
import type { RoundInTransaction, RoundInput } from '../round.ts'
import { signatureCompletion } from '../completions.ts'
import { withStoredOtState } from './stored-ot-state.ts'

/**
 * Signs with a preprocessing in one round: the client's opening comes in, the server's opening and its share of the signature
 * go out. Nothing of the server's is opened before the statement and the client's part of R are there.
 *
 * The preprocessing is deleted first, by itself: whatever becomes of this round, no other one gets it. The transaction that
 * stores the answer may run several times, for the same request alone, and computes the same each time.
 */
export async function completeSignatureRound(
  context: ServerContext,
  input: RoundInput<SignEcdsaRequest>,
  id: string,
): Promise<RoundInTransaction> {
  const { clientId, epoch, request } = input
  const taken = await takePreprocessing(context, { clientId, setId: request.setId, id }, epoch)
  return (tx) =>
    withStoredOtState(
      context,
      tx,
      input,
      ({ messages }) => ({ messages, completion: signatureCompletion(context, input) }),
      taken,
    )
}
