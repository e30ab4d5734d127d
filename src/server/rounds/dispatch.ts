import type { ServerContext } from '../context.ts'
import { playPreprocessing } from '../operations/ecdsa/preprocess.ts'
import { playSignature } from '../operations/ecdsa/signature.ts'
import { playSettingUp } from '../operations/ecdsa/setup.ts'
import { playExport } from '../operations/export.ts'
import { playMaking } from '../operations/make-sets/make-sets.ts'
import { playProving } from '../operations/prove.ts'
import { playSigning } from '../operations/sign.ts'
import type { Played, PlayIn, Turn } from './round.ts'

/** Plays a round of whichever operation it belongs to. */
export async function playTurn(context: ServerContext, turn: Turn): Promise<Played | PlayIn> {
  const { request } = turn
  switch (request.kind) {
    case 'sign':
      if (request.scheme === 'ecdsa') return playSignature(context, { ...turn, request })
      return playSigning(context, { ...turn, request })
    case 'setUp':
      return playSettingUp(context, { ...turn, request })
    case 'preprocess':
      return playPreprocessing(context, { ...turn, request })
    case 'export':
      return playExport(context, { ...turn, request })
    case 'prove':
      return playProving(context, { ...turn, request })
    default:
      return playMaking(context, { ...turn, request })
  }
}
