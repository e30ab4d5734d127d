import { hasServerStatus } from '../../wire/error-body.ts'
import { ROUND_CONTENT_TYPE } from '../../wire/round-body.ts'
import { isBadRequest } from '../../service/http.ts'
import { FRESH_MS } from '../../channel/messages.ts'
import { inPages, PAGE } from '../../util/pages.ts'
import type { StoredResponse } from '../devices/devices-table.ts'
import { timestamp, type ServerContext } from '../context.ts'

/** How long a response is stored: longer than its request is fresh by the clock of any process. */
const STORED_MS = 4 * FRESH_MS

/** A sealed request that changes something, as a client has sent it. */
export interface AskedOnce {
  readonly clientId: string
  readonly requestId: Uint8Array
}

/** A stored response, as it is sent. */
export function keptResponse({ status, body }: StoredResponse): Response {
  const headers = { 'content-type': 'application/json' }
  return new Response(body as Uint8Array<ArrayBuffer>, { status, headers })
}

/**
 * Stores a response, so that a copy of its request, which a relay may send later, is not judged again. This matters most
 * for a denied request. Failures that may not last are not stored: the same bytes may ask again. Nor are rounds: their
 * responses are stored by `rounds`, whatever seals the request.
 *
 * @param error what the request failed with, if it did
 */
export async function storeResponse(
  context: ServerContext,
  { clientId, requestId }: AskedOnce,
  response: Response,
  error: unknown,
): Promise<void> {
  const isFinal = response.ok ? response.headers.get('content-type') !== ROUND_CONTENT_TYPE : isRefusal(error)
  if (!isFinal) return
  const body = new Uint8Array(await response.clone().arrayBuffer())
  await context.database.query(
    `insert into reshare_sealed_responses (client_id, request_id, status, body, expires_at) values ($1, $2, $3, $4, $5)
     on conflict (client_id, request_id) do nothing`,
    [clientId, requestId, response.status, body, timestamp(context, STORED_MS)],
  )
}

/** Deletes responses whose requests are now refused by their time. */
export async function forgetStoredResponses(context: ServerContext): Promise<void> {
  await inPages(() =>
    context.database.query(
      `delete from reshare_sealed_responses where (client_id, request_id) in
         (select client_id, request_id from reshare_sealed_responses where expires_at <= $1 limit ${PAGE})
       returning 1`,
      [timestamp(context)],
    ),
  )
}

function isRefusal(error: unknown): boolean {
  return isBadRequest(error) || (hasServerStatus(error) && !error.retryable)
}
