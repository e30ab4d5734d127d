import type { PreprocessRequest } from '../../../wire/operations.ts'
import type { Preprocessed } from '../../../protocol/ecdsa/index.ts'
import type { ServerContext } from '../../context.ts'
import { insertPreprocessing } from '../../sets/preprocessings.ts'
import type { PlayIn, Turn } from '../../rounds/round.ts'
import { endWithPreparation } from '../completions.ts'
import { playWithStoredPair } from './stored-ot-state.ts'

/** Makes a preprocessing with the client in two rounds; the last one stores the server's side. */
export function playPreprocessing(context: ServerContext, turn: Turn<PreprocessRequest>): PlayIn {
  const { clientId, request } = turn
  return (tx) =>
    playWithStoredPair(context, tx, turn, async ({ parcels, done, state }) => {
      if (state !== undefined) return { parcels, state }
      await insertPreprocessing(context, tx, { clientId, setId: request.setId }, done?.preprocessed as Preprocessed)
      return { parcels, ending: endWithPreparation(turn) }
    })
}
