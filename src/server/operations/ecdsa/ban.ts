import type { ProtocolError } from '../../../errors.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { poisonStoredOtState, type OtStateKey } from '../../sets/ot-states.ts'
import type { RoundOutput } from '../round.ts'

/**
 * The ban rule (docs/ecdsa.md): each detected cheat tells the client a bit of the server's secret, so there must never be a
 * second one. The transaction that holds the OT state poisons it and writes nothing else: a client that could make this
 * transaction fail, by other requests at the same time, would learn its bit and not be banned.
 *
 * @returns the output of the round
 */
export async function ban(
  context: ServerContext,
  tx: Queryable,
  key: OtStateKey,
  caught: ProtocolError,
): Promise<Required<Pick<RoundOutput, 'messages' | 'banned'>>> {
  context.caught.set(key.setId, caught)
  await poisonStoredOtState(context, tx, key, caught)
  return { messages: [], banned: caught }
}
