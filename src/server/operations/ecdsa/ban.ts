import type { ProtocolError } from '../../../errors.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { poisonStoredOtState, type OtStateKey } from '../../sets/ot-states.ts'
import type { RoundOutput } from '../round.ts'

/**
 * The ban rule (docs/ecdsa.md): each detection tells the client a bit of the server's secret, so there is never a second
 * one. The transaction that holds the setup poisons it and changes nothing else: a client that could make it fail, by
 * whatever it does elsewhere at the same time, would have its bit and no ban.
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
