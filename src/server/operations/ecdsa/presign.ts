import type { PresignRequest } from '../../../api/operations.ts'
import type { Presignature } from '../../../protocol/ecdsa/index.ts'
import type { ServerContext } from '../../context.ts'
import { insertPresignature } from '../../sets/presignatures.ts'
import type { PlayIn, Turn } from '../turn.ts'
import { endWithPreparation } from '../use.ts'
import { playWithStoredPair } from './stored-pair.ts'

/** Makes a presignature with the client in two rounds; the last one stores the server's part. */
export function playPresigning(context: ServerContext, turn: Turn<PresignRequest>): PlayIn {
  const { clientId, request } = turn
  return (tx) =>
    playWithStoredPair(context, tx, turn, async ({ parcels, done, state }) => {
      if (state !== undefined) return { parcels, state }
      const set = { clientId, setId: request.setId }
      await insertPresignature(context, tx, set, request.path, done?.presignature as Presignature)
      return { parcels, ending: endWithPreparation(turn) }
    })
}
