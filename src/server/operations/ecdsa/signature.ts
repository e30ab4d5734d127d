import type { SignEcdsaRequest } from '../../../wire/operations.ts'
import type { ServerContext } from '../../context.ts'
import type { RoundOutput, RoundInTransaction, RoundInput } from '../round.ts'
import { signatureCompletion } from '../completions.ts'
import type { EcdsaRound } from './advance.ts'
import { completeSignatureRound } from './complete.ts'
import { ephemeralSetupRound } from './ephemeral-setup.ts'
import { withStoredOtState } from './stored-ot-state.ts'

/**
 * Signs with threshold ECDSA, the client aggregating: with the setup of the set, with one of its own, or with a
 * preprocessing. The server's share of the signature is its last message.
 */
export async function signEcdsaRound(
  context: ServerContext,
  input: RoundInput<SignEcdsaRequest>,
): Promise<RoundOutput | RoundInTransaction> {
  const { source } = input.request
  if (source.kind === 'preprocessing') return completeSignatureRound(context, input, source.id)
  const toOutput = ({ messages, state }: EcdsaRound): RoundOutput =>
    state === undefined ? { messages, completion: signatureCompletion(context, input) } : { messages, state }
  if (source.kind === 'ephemeralSetup') return ephemeralSetupRound(context, input, toOutput)
  return (tx) => withStoredOtState(context, tx, input, toOutput)
}
