import { decodeRoundBody, encodeRoundBody, type SessionMessage } from '../../../wire/round-body.ts'
import type { Queryable } from '../../../service/database/types.ts'
import type { OperationKey } from '../../access/caller.ts'
import type { ServerContext } from '../../context.ts'

/** A round of a join. */
interface JoinRound extends OperationKey {
  readonly round: number
}

/** Stores the message of a round of a join for the other device, together with the response to that round. */
export async function leaveForOtherDevice(
  { sealer }: ServerContext,
  tx: Queryable,
  { clientId, operationId, round }: JoinRound,
  messages: readonly SessionMessage[],
): Promise<void> {
  const left = sealer.seal(sealContext({ clientId, operationId, round }), encodeRoundBody({ header: {}, messages }))
  await tx.query(
    `update reshare_responses set for_other_device = $4 where client_id = $1 and operation_id = $2 and round = $3`,
    [clientId, operationId, round, left],
  )
}

/** Opens what {@link leaveForOtherDevice} has stored. @throws as the sealer's `open` */
export function openLeft({ sealer }: ServerContext, round: JoinRound, sealed: Uint8Array): readonly SessionMessage[] {
  return decodeRoundBody(sealer.open(sealContext(round), sealed)).messages
}

function sealContext({ clientId, operationId, round }: JoinRound) {
  return { purpose: 'join message', clientId, row: `${operationId}/${round}` } as const
}
