import { readAll } from '../api/http.ts'
import { MpcError, isMpcError } from '../errors.ts'
import { fromBase64, fromUtf8, toBase64 } from '../util/bytes.ts'
import type { Custodian } from './types.ts'
import { assertWebhookSecret } from './webhook-secret.ts'

export interface WebhookOptions {
  /** Where the app's backend has its `/backup` endpoints, with or without a path. */
  readonly url: string
  /** Sent as `X-Webhook-Secret`: printable ASCII, 16 characters or more. */
  readonly secret: string
  /** How long one request may take, its answer included; 10 s unless given. */
  readonly timeoutMs?: number
  /** The platform's fetch unless given. */
  readonly fetch?: typeof globalThis.fetch
}

const ANSWER_MAX_BYTES = 4 * 1024 * 1024

/**
 * The custodian behind the app's webhooks `POST /backup`, `POST /backup/fetch` and `POST /backup/delete`; one that does not
 * have the last (404, 501) keeps what it has.
 *
 * @throws {TypeError | RangeError} for options that do not fit
 */
export function webhookCustodian(options: WebhookOptions): Custodian {
  const { secret, timeoutMs = 10_000, fetch = globalThis.fetch } = options
  const base = parseBase(options.url)
  assertWebhookSecret(secret)
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs <= 0) throw new RangeError('timeoutMs must be a positive integer')

  const post = async (path: string, body: object, accepted: readonly number[] = [200]): Promise<Uint8Array> => {
    const request: RequestInit = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-webhook-secret': secret },
      body: JSON.stringify(body),
      // The secret goes to the configured address only.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    }
    try {
      const response = await fetch(base + path, request)
      const answer = await readAnswer(response)
      if (accepted.includes(response.status)) return answer
      throw failed(`the custodian answered ${response.status}`, undefined, response.status >= 500)
    } catch (cause) {
      if (isMpcError(cause)) throw cause
      throw failed('the custodian did not answer', cause)
    }
  }

  return {
    async store({ clientId, setId, backupMethod, share }) {
      await post('/backup', { clientId, backupMethod, share: toBase64(share), setId })
    },
    async fetch(clientId, setId) {
      return parseShares(await post('/backup/fetch', { clientId, setId }))
    },
    async delete(clientId, setId) {
      await post('/backup/delete', { clientId, setId }, [200, 204, 404, 501])
    },
  }
}

function parseBase(url: string): string {
  if (!/^https?:$/.test(new URL(url).protocol)) throw new TypeError('url must be an http or https URL')
  return url.replace(/\/+$/, '')
}

async function readAnswer(response: Response): Promise<Uint8Array> {
  const answer = await readAll(response.body, ANSWER_MAX_BYTES)
  if (answer !== undefined) return answer
  throw failed(`the custodian's answer is longer than ${ANSWER_MAX_BYTES} bytes`, undefined, false)
}

function parseShares(answer: Uint8Array): Uint8Array[] {
  try {
    const { backupShares } = JSON.parse(fromUtf8(answer)) as { backupShares: unknown }
    if (Array.isArray(backupShares)) return backupShares.map((share) => fromBase64(share as string))
  } catch {
    // What was answered may hold shares: it is not kept as the cause.
  }
  throw failed("the custodian's answer is not a list of shares", undefined, false)
}

function failed(message: string, cause?: unknown, retryable = true): MpcError {
  return new MpcError('WEBHOOK_FAILED', message, { cause, retryable })
}
