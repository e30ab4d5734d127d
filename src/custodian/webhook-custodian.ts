import { readAll } from '../service/http.ts'
import { MpcError, isMpcError } from '../errors.ts'
import { checkBaseUrl } from '../util/base-url.ts'
import { fromBase64, fromUtf8, toBase64 } from '../util/bytes.ts'
import { within } from '../util/within.ts'
import type { Custodian } from './types.ts'
import { assertWebhookSecret } from './webhook-secret.ts'
import { assertObject } from '../util/arguments.ts'

/** Options of {@link webhookCustodian}. */
export interface WebhookOptions {
  /** Where the app's backend has its `/backup` endpoints, with or without a path: https, or http on a loopback host. */
  readonly url: string
  /** Sent as `X-Webhook-Secret`: printable ASCII, 16 characters or more. */
  readonly secret: string
  /**
   * Whether `backupMethod` names the set too: `PASSWORD-<setId>` instead of `PASSWORD`. For a backend that keeps one
   * half a user and method, and takes the name as it comes; false unless given.
   */
  readonly nameSets?: boolean
  /** How long one request may take, including its response. Default: 10 s. */
  readonly timeoutMs?: number
  /** Default: the platform's fetch. */
  readonly fetch?: typeof globalThis.fetch
}

const RESPONSE_MAX_BYTES = 4 * 1024 * 1024

/** Refusals that pass: time-outs, requests that came too early, too many of them. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 425, 429])

/** Answers to a deletion of a backend that has no such endpoint. */
const NO_DELETION: readonly number[] = [404, 501]

/**
 * The custodian behind the app's webhooks `POST /backup`, `POST /backup/fetch` and `POST /backup/delete`; one that does
 * not have the last (404, 501) keeps what it has. Any 2xx says that it is done.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 */
export function webhookCustodian(options: WebhookOptions): Custodian {
  const {
    secret,
    nameSets = false,
    timeoutMs = 10_000,
    fetch = globalThis.fetch,
  } = assertObject(options, 'webhookCustodian')
  const base = checkBaseUrl(options.url, 'url')
  assertWebhookSecret(secret)
  if (typeof nameSets !== 'boolean') throw new TypeError('nameSets must be true or false')
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs <= 0) throw new RangeError('timeoutMs must be a positive integer')

  const exchange = async (signal: AbortSignal, path: string, body: object, accepted: readonly number[]) => {
    const response = await fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-webhook-secret': secret },
      body: JSON.stringify(body),
      // The secret goes to the configured address only: where one leads elsewhere is refused with its status.
      redirect: 'manual',
      signal,
    })
    const responseBody = await readResponse(response)
    if (response.ok || accepted.includes(response.status)) return responseBody
    throw statusError(response.status)
  }
  const post = async (path: string, body: object, accepted: readonly number[] = []): Promise<Uint8Array> => {
    try {
      // Raced as well: not every fetch watches its signal, nor every answer's body.
      return await within(timeoutMs, (signal) => exchange(signal, path, body, accepted), late)
    } catch (cause) {
      if (isMpcError(cause)) throw cause
      throw webhookFailed('the custodian did not answer', { cause })
    }
  }
  const late = () => webhookFailed(`the custodian did not answer within ${timeoutMs} ms`)

  return {
    async store({ clientId, setId, backupMethod: method, share }) {
      const backupMethod = nameSets ? `${method}-${setId}` : method
      await post('/backup', { clientId, backupMethod, share: toBase64(share), setId })
    },
    async fetch(clientId, setId) {
      return parseShares(await post('/backup/fetch', { clientId, setId }))
    },
    async delete(clientId, setId) {
      await post('/backup/delete', { clientId, setId }, NO_DELETION)
    },
  }
}

async function readResponse(response: Response): Promise<Uint8Array> {
  const body = await readAll(response.body, RESPONSE_MAX_BYTES)
  if (body !== undefined) return body
  throw webhookFailed(`the custodian's answer is longer than ${RESPONSE_MAX_BYTES} bytes`, { retryable: false })
}

/** One entry that is no share, of another backup perhaps, is no reason to do without the others. */
function parseShares(body: Uint8Array): Uint8Array[] {
  const entries = parseList(body)
  const shares = entries.flatMap(decodeIfBase64)
  if (shares.length > 0 || entries.length === 0) return shares
  throw webhookFailed("the custodian's answer has no share that is base64", { retryable: false })
}

function parseList(body: Uint8Array): unknown[] {
  try {
    const { backupShares } = JSON.parse(fromUtf8(body)) as { backupShares: unknown }
    if (Array.isArray(backupShares)) return backupShares
  } catch {
    // What was answered may hold shares: it is not kept as the cause.
  }
  throw webhookFailed("the custodian's answer is not a list of shares", { retryable: false })
}

function decodeIfBase64(entry: unknown): Uint8Array[] {
  try {
    return [fromBase64(entry as string)]
  } catch {
    return []
  }
}

function statusError(status: number): MpcError {
  const retryable = status >= 500 || TRANSIENT_STATUSES.has(status)
  if (status === 401 || status === 403) {
    return webhookFailed(`the custodian does not take the webhook secret (${status})`, { retryable })
  }
  // Browsers say 0 of a redirect.
  if (status < 400) return webhookFailed('the custodian leads elsewhere: redirects are not followed', { retryable })
  return webhookFailed(`the custodian answered ${status}`, { retryable })
}

function webhookFailed(
  message: string,
  { cause, retryable = true }: { cause?: unknown; retryable?: boolean } = {},
): MpcError {
  return new MpcError('WEBHOOK_FAILED', message, { cause, retryable })
}
