import { hmacSha256 } from '../../symmetric/hmac.ts'
import { fromBase64, toBase64, utf8 } from '../../util/bytes.ts'

/** An HTTP message of Standard Webhooks before it is signed. */
export interface WebhookMessage {
  /** `webhook-id`: the same in every attempt to deliver an event. */
  readonly id: string
  /** `webhook-timestamp`: when the attempt is made, in whole seconds since 1970. */
  readonly seconds: number
  /** The body as it is sent. */
  readonly body: string
}

const PREFIX = 'whsec_'
const LENGTHS = { least: 24, most: 64 }

/**
 * Reads signing secrets of Standard Webhooks.
 *
 * @returns the keys: 24 to 64 bytes each
 * @throws {TypeError} unless there is at least one, and each is `whsec_` and base64. The message does not contain them.
 */
export function readWebhookSecrets(secrets: unknown): readonly Uint8Array[] {
  const list: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets]
  if (list.length === 0) throw wrongSecret()
  return list.map(readSecret)
}

function readSecret(secret: unknown): Uint8Array {
  if (typeof secret !== 'string' || !secret.startsWith(PREFIX)) throw wrongSecret()
  const key = decode(secret.slice(PREFIX.length))
  if (key.length < LENGTHS.least || key.length > LENGTHS.most) throw wrongSecret()
  return key
}

function decode(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch {
    // Not as the cause: its message may contain the secret.
    throw wrongSecret()
  }
}

function wrongSecret(): TypeError {
  return new TypeError(
    `a secret for events must be ${PREFIX} and ${LENGTHS.least} to ${LENGTHS.most} bytes in base64, as Standard Webhooks have it`,
  )
}

/**
 * The headers of Standard Webhooks: HMAC-SHA256 (`v1`) of `id.seconds.body` with each key, so that a receiver that has any
 * one of the secrets accepts the message.
 */
export function webhookHeaders(keys: readonly Uint8Array[], { id, seconds, body }: WebhookMessage) {
  const signed = utf8(`${id}.${seconds}.${body}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': keys.map((key) => `v1,${toBase64(hmacSha256(key, signed))}`).join(' '),
  }
}
