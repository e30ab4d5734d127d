import type { OperationKey } from '../access/caller.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { RequestHash } from './request-hash.ts'

/** The response to a round, with the request that it belongs to. */
export interface RoundResponse extends OperationKey {
  readonly round: number
  readonly requestHash: RequestHash
  readonly response: Uint8Array
}

export async function insertResponse(
  context: ServerContext,
  tx: Queryable,
  { round, requestHash, response, ...key }: RoundResponse,
): Promise<void> {
  await tx.query(
    `insert into reshare_responses (client_id, operation_id, round, request_hash, sealed) values ($1, $2, $3, $4, $5)`,
    [key.clientId, key.operationId, round, requestHash.bytes, sealResponse(context, key, round, response)],
  )
}

export function sealResponse(
  { sealer }: ServerContext,
  key: OperationKey,
  round: number,
  response: Uint8Array,
): Uint8Array {
  return sealer.seal(responseContext(key, round), response)
}

function responseContext({ clientId, operationId }: OperationKey, round: number) {
  return { purpose: 'response', clientId, row: `${operationId}/${round}` } as const
}

export function openResponse(
  { sealer }: ServerContext,
  key: OperationKey,
  round: number,
  sealed: Uint8Array,
): Uint8Array {
  return sealer.open(responseContext(key, round), sealed)
}
