import type { JoinStatus } from '../../wire/join.ts'
import { encodeRoundBody } from '../../wire/round-body.ts'
import { canAccess, type CalledOperation } from '../access/caller.ts'
import type { ServerContext } from '../context.ts'
import { bytes, int, nullable, oneOf, rowDecoder, text, time } from '../../service/database/rows.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
import { openLeft } from '../operations/make-sets/join-messages.ts'
import { deviceOfRound, takesPart } from './operations-table.ts'

const readJoin = rowDecoder({
  kind: nullable(text),
  device: nullable(text),
  joining_device: nullable(text),
  round: nullable(int),
  expires_at: nullable(time),
  decision: nullable(oneOf<'COMMIT' | 'ABORT'>('COMMIT', 'ABORT')),
  for_other_device: nullable(bytes),
})

/**
 * The progress of a join, and the messages that one of its rounds has stored for the other device. Changes nothing. An
 * invitation that nobody has used cannot be told from one of another client.
 *
 * @param round the round of the other device
 * @returns the body of the response: a {@link JoinStatus}, and the messages unless the join was aborted
 * @throws {AUTH_FAILED} if it is not a join, belongs to other devices, or the round is this device's own
 */
export async function joinStatus(context: ServerContext, key: CalledOperation, round: number): Promise<Uint8Array> {
  const [row] = await context.database.query(
    `select kind, coalesce(operation.device, decided.device) as device,
       coalesce(operation.joining_device, decided.joining_device) as joining_device,
       operation.round, expires_at, decision, for_other_device
     from (select $1::text as client_id, $2::text as operation_id) asked
       left join reshare_operations operation using (client_id, operation_id)
       left join reshare_decisions decided using (client_id, operation_id)
       left join reshare_responses response on response.client_id = asked.client_id
         and response.operation_id = asked.operation_id and response.round = $3`,
    [key.clientId, key.operationId, round],
  )
  const { kind, device, joiningDevice, round: last, expiresAt, decision, forOtherDevice } = readJoin(row)
  const devices = { device, joiningDevice }
  if ((kind !== null && kind !== 'join') || !takesPart(devices, key)) throw notAuthorized()
  const header: JoinStatus = { round: last ?? 0, decision, expiresAt: expiresAt?.toISOString() ?? null }
  if (forOtherDevice === null || decision === 'ABORT') return encodeRoundBody({ header, messages: [] })
  if (!canAccess({ device: deviceOfRound(devices, round + 1) }, key)) throw notAuthorized()
  return encodeRoundBody({ header, messages: openLeft(context, { ...key, round }, forOtherDevice) })
}
