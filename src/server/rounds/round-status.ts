import { MpcError } from '../../errors.ts'
import { canAccess, type CalledOperation } from '../access/caller.ts'
import { GENESIS } from '../audit/entry.ts'
import type { KnownHead } from '../audit/log.ts'
import type { ServerContext } from '../context.ts'
import { EPOCH } from '../epoch.ts'
import { boolean, bytes, int, nullable, rowDecoder, text, time } from '../../service/database/rows.ts'
import type { Row } from '../../service/database/types.ts'
import { clientMoved, isAway } from '../client-moved.ts'
import { tables } from '../tables.ts'
import type { SourceSet } from '../operations/round.ts'
import { setRow } from '../sets/sets-table.ts'
import { deviceOfRound } from './operations-table.ts'
import type { RequestHash } from './request-hash.ts'
import { openResponse } from './responses-table.ts'
import { notAuthorized } from '../../service/not-authorized.ts'

/** What is known of a round when its request arrives. */
export interface RoundStatus {
  /** The stored response, for exactly the request that it belongs to. */
  readonly response?: Uint8Array
  /** Whether the round was started with this request. */
  readonly started: boolean
  readonly decided: boolean
  /** Whether a process has the round leased, for this request, and its lease goes on. */
  readonly isRunning: boolean
  /** The set that the operation names, if the client has it. */
  readonly source?: SourceSet | undefined
  /** The end of the client's log. */
  readonly auditHead?: KnownHead
}

/** A request for a round. */
export interface RoundQuery extends CalledOperation {
  readonly round: number
  readonly requestHash: RequestHash
  /** The set that a first request names. Default: the one of the operation, if it has begun. */
  readonly setId?: string | null
}

/**
 * Looks up a round before anything else is done.
 *
 * @throws {AUTH_FAILED} if it is a round of another device
 * @throws {PROTOCOL_ABORTED} if the round was run or started with another request
 * @throws {CLIENT_MOVED} if the client is in another database, or on its way
 */
export async function findRoundStatus(
  context: ServerContext,
  { round, requestHash, setId = null, ...key }: RoundQuery,
): Promise<RoundStatus> {
  const [row] = await context.database.query(
    `select coalesce(operation.device, decided.device) as started_by,
       coalesce(operation.joining_device, decided.joining_device) as joining, decision, request_hash, response.sealed as response,
       case when operation.round + 1 = $3 then lease_hash end as lease_hash, lease_expires_at, share.sealed as share, source.*,
       case when source.purpose = 'backup' and $3 = 1 then
         (select count(*)::int from reshare_sets held where held.client_id = source.client_id
            and held.wallet_id = source.wallet_id and held.purpose = 'signing' and held.state = 'ACTIVE')
       end as signing_sets, head.sequence as log_sequence, head.hash as log_hash, ${EPOCH} as epoch,
       ${isAway('asked.client_id')} as away
     from (select $1::text as client_id, $2::text as operation_id) asked
       left join reshare_operations operation using (client_id, operation_id)
       left join reshare_decisions decided using (client_id, operation_id)
       left join reshare_responses response on response.client_id = asked.client_id
         and response.operation_id = asked.operation_id and response.round = $3
       left join reshare_sets source on source.client_id = asked.client_id
         and source.set_id = coalesce($4, operation.set_id)
       left join reshare_shares share on share.set_id = source.set_id
       left join reshare_audit_heads head on head.client_id = asked.client_id`,
    [key.clientId, key.operationId, round, setId],
  )
  const status = readStatus(row)
  const { decision, response, leaseHash, leaseExpiresAt } = status
  // Before a hook is asked about what cannot be done here. A response that is stored stays what it was.
  if (status.away && response === null) throw clientMoved()
  const devices = { device: status.startedBy, joiningDevice: status.joining }
  if (!canAccess({ device: deviceOfRound(devices, round) }, key)) throw notAuthorized()
  const decided = decision !== null
  const started = leaseHash !== null
  const isRunning = started && leaseExpiresAt !== null && leaseExpiresAt.getTime() > context.now()
  const knownHash = status.requestHash ?? leaseHash
  if (knownHash !== null && !requestHash.matches(knownHash)) throw otherRequest(round)
  if (response === null)
    return { started, decided, isRunning, source: sourceSet(row as Row, status), auditHead: knownHead(status) }
  return { response: openResponse(context, key, round, response), started, decided, isRunning }
}

/** Columns of tables that are joined from the left are null where there is no row. */
const readStatus = rowDecoder({
  started_by: nullable(text),
  joining: nullable(text),
  decision: nullable(tables.reshare_decisions.decision),
  request_hash: nullable(bytes),
  response: nullable(bytes),
  lease_hash: nullable(bytes),
  lease_expires_at: nullable(time),
  share: nullable(bytes),
  signing_sets: nullable(int),
  log_sequence: nullable(int),
  log_hash: nullable(bytes),
  epoch: int,
  away: boolean,
})

type StatusRow = ReturnType<typeof readStatus>

function knownHead({ logSequence, logHash, epoch }: StatusRow): KnownHead {
  return { sequence: logSequence ?? 0, hash: logHash ?? GENESIS, epoch }
}

function sourceSet(row: Row, { share, signingSets }: StatusRow): SourceSet | undefined {
  return row['set_id'] === null ? undefined : { set: setRow(row), share, signingSets }
}

export function otherRequest(round: number): MpcError {
  return new MpcError('PROTOCOL_ABORTED', `round ${round} of this operation was run with another message`)
}
