import * as v from 'valibot'
import type { PreprocessRequest } from '../../../wire/operations.ts'
import type { Preprocessed } from '../../../protocol/ecdsa/index.ts'
import type { ServerContext } from '../../context.ts'
import { insertPreprocessing } from '../../sets/preprocessings.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { requireTransaction, type RoundInput, type RoundOutput } from '../round.ts'
import { preprocessingCompletion } from '../completions.ts'
import type { ServerOperation } from '../operation.ts'
import { setId, walletId } from '../schemas.ts'
import { withStoredOtState } from './stored-ot-state.ts'

/** Preprocesses an ECDSA signature, which needs neither the path of its key nor the message. */
export const preprocessOperation: ServerOperation<PreprocessRequest> = {
  schema: () => v.strictObject({ kind: v.literal('preprocess'), walletId, setId }),
  policyFields: () => ({}),
  failuresCountAgainst: [],
  keepsDecision: false,
  inTransaction: true,
  handle: preprocessRound,
}

/** Preprocesses a signature with the client in two rounds; the last one stores the server's part. */
async function preprocessRound(
  context: ServerContext,
  input: RoundInput<PreprocessRequest>,
  transaction?: Queryable,
): Promise<RoundOutput> {
  const { clientId, request } = input
  const tx = requireTransaction(transaction)
  return withStoredOtState(context, tx, input, async ({ messages, done, state }) => {
    if (state !== undefined) return { messages, state }
    await insertPreprocessing(context, tx, { clientId, setId: request.setId }, done?.preprocessed as Preprocessed)
    return { messages, completion: preprocessingCompletion(input) }
  })
}
