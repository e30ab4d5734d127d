import type { SignEcdsaRequest } from '../../../wire/operations.ts'
import type { ServerContext } from '../../context.ts'
import type { Played, PlayIn, Turn } from '../../rounds/round.ts'
import { endWithSignature } from '../completions.ts'
import type { EcdsaRound } from './advance.ts'
import { playCompletion } from './complete.ts'
import { playFreshSetUp } from './ephemeral-setup.ts'
import { playWithStoredPair } from './stored-ot-state.ts'

/**
 * Signs with threshold ECDSA, the client aggregating: with the set-up of the set, with one of its own, or with a
 * preprocessing. The server's share of the signature is its last message.
 */
export async function playSignature(context: ServerContext, turn: Turn<SignEcdsaRequest>): Promise<Played | PlayIn> {
  const { source } = turn.request
  if (source.kind === 'preprocessing') return playCompletion(context, turn, source.id)
  const played = ({ parcels, state }: EcdsaRound): Played =>
    state === undefined ? { parcels, ending: endWithSignature(context, turn) } : { parcels, state }
  if (source.kind === 'freshSetUp') return playFreshSetUp(context, turn, played)
  return (tx) => playWithStoredPair(context, tx, turn, played)
}
