import type { SignEcdsaRequest } from '../../../wire/operations.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { signatureCompletion } from '../completions.ts'
import { requireTransaction, type RoundInput, type RoundOutput } from '../round.ts'
import type { EcdsaRound } from './advance.ts'
import { ephemeralSetupRound } from './ephemeral-setup.ts'
import { withPreprocessings, withStoredOtState } from './stored-ot-state.ts'

/**
 * Signs with threshold ECDSA: with the OT state of the set, with an ephemeral setup, or with a preprocessing. The client
 * aggregates; the server's signature share is its last message.
 *
 * A preprocessing serves one signature in one round. The server opens its nonce only after it has the statement and the
 * client's part of R.
 */
export async function signEcdsaRound(
  context: ServerContext,
  input: RoundInput<SignEcdsaRequest>,
  tx?: Queryable,
): Promise<RoundOutput> {
  const { source } = input.request
  const toOutput = ({ messages, state }: EcdsaRound): RoundOutput =>
    state === undefined ? { messages, completion: signatureCompletion(context, input) } : { messages, state }
  switch (source.kind) {
    case 'setup':
      return withStoredOtState(context, requireTransaction(tx), input, toOutput)
    case 'preprocessing':
      return withPreprocessings(context, requireTransaction(tx), { ...input, preprocessingIds: [source.id] }, toOutput)
    case 'ephemeralSetup':
      return ephemeralSetupRound(context, input, toOutput)
  }
}
