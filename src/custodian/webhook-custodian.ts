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
  /** The base URL of the backend's `/backup` endpoints, with or without a path: https, or http on a loopback host. */
  readonly url: string
  /** Sent as `X-Webhook-Secret`: printable ASCII, 16 characters or more. */
  readonly secret: string
  /**
   * Whether `backupMethod` also contains the set id: `PASSWORD-<setId>` instead of `PASSWORD`. For a backend that stores
   * one share per user and method, and accepts any method name. Default: false.
   */
  readonly nameSets?: boolean
  /** How long one request may take, including its response. Default: 10 s. */
  readonly timeoutMs?: number
  /** Default: the platform's fetch. */
  readonly fetch?: typeof globalThis.fetch
}

const RESPONSE_MAX_BYTES = 4 * 1024 * 1024

/** Statuses after which the same request may succeed later: timeout, too early, too many requests. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 425, 429])

/** Statuses of a backend that has no endpoint for deletions. */
const NO_DELETION: readonly number[] = [404, 501]

/**
 * The custodian behind the app's webhooks `POST /backup`, `POST /backup/fetch` and `POST /backup/delete`. Any 2xx status
 * means success. A backend without the last endpoint (404 or 501) keeps all shares.
 *
 * @throws {TypeError | RangeError} if an option is invalid
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
      // The secret is sent to the configured address only: redirects are refused.
      redirect: 'manual',
      signal,
    })
    const responseBody = await readResponse(response)
    if (response.ok || accepted.includes(response.status)) return responseBody
    throw statusError(response.status)
  }
  const post = async (path: string, body: object, accepted: readonly number[] = []): Promise<Uint8Array> => {
    try {
      // Raced as well: not every fetch, or response body, respects the signal.
      return await within(timeoutMs, (signal) => exchange(signal, path, body, accepted), late)
    } catch (cause) {
      if (isMpcError(cause)) throw cause
      throw webhookFailed('the custodian did not respond', { cause })
    }
  }
  const late = () => webhookFailed(`the custodian did not respond within ${timeoutMs} ms`)

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
  throw webhookFailed(`the custodian's response is longer than ${RESPONSE_MAX_BYTES} bytes`, { retryable: false })
}

/** Invalid entries are skipped: they may belong to another backup, and must not make the valid ones unusable. */
function parseShares(body: Uint8Array): Uint8Array[] {
  const entries = parseList(body)
  const shares = entries.flatMap(decodeIfBase64)
  if (shares.length > 0 || entries.length === 0) return shares
  throw webhookFailed("the custodian's response has no share in base64", { retryable: false })
}

function parseList(body: Uint8Array): unknown[] {
  try {
    const { backupShares } = JSON.parse(fromUtf8(body)) as { backupShares: unknown }
    if (Array.isArray(backupShares)) return backupShares
  } catch {
    // The body may contain shares, so the parse error is not kept as the cause.
  }
  throw webhookFailed("the custodian's response is not a list of shares", { retryable: false })
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
    return webhookFailed(`the custodian does not accept the webhook secret (${status})`, { retryable })
  }
  // In browsers the status of a redirect is 0.
  if (status < 400)
    return webhookFailed('the custodian responded with a redirect, which is not followed', { retryable })
  return webhookFailed(`the custodian responded with status ${status}`, { retryable })
}

function webhookFailed(
  message: string,
  { cause, retryable = true }: { cause?: unknown; retryable?: boolean } = {},
): MpcError {
  return new MpcError('WEBHOOK_FAILED', message, { cause, retryable })
}
