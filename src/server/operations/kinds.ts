import type { ServerContext } from '../context.ts'
import { playExport } from './export.ts'
import { playMaking } from './make-sets.ts'
import { playProving } from './prove.ts'
import { playSigning } from './sign.ts'
import type { Played, Turn } from './turn.ts'

/** Plays a round of whichever operation it belongs to. */
export function playTurn(context: ServerContext, turn: Turn): Promise<Played> {
  const { request } = turn
  switch (request.kind) {
    case 'sign':
      return playSigning(context, { ...turn, request })
    case 'export':
      return playExport(context, { ...turn, request })
    case 'prove':
      return playProving(context, { ...turn, request })
    default:
      return playMaking(context, { ...turn, request })
  }
}
