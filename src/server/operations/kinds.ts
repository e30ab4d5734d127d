import type { ServerContext } from '../context.ts'
import { playPreprocessing } from './ecdsa/preprocess.ts'
import { playSignature } from './ecdsa/signature.ts'
import { playSettingUp } from './ecdsa/set-up.ts'
import { playExport } from './export.ts'
import { playMaking } from './make-sets.ts'
import { playProving } from './prove.ts'
import { playSigning } from './sign.ts'
import type { Played, PlayIn, Turn } from './turn.ts'

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
