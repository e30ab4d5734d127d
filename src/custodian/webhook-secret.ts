import { sha256 } from '@noble/hashes/sha2.js'
import { MpcError } from '../errors.ts'
import { equalBytes, utf8 } from '../util/bytes.ts'

/** @throws {TypeError} unless it can be sent in a header and not be guessed at a glance */
export function assertWebhookSecret(secret: unknown): asserts secret is string {
  if (typeof secret === 'string' && /^[\x21-\x7e]{16,}$/.test(secret)) return
  throw new TypeError('the webhook secret must be 16 or more printable ASCII characters')
}

/** Checks `X-Webhook-Secret` without telling by its timing how much of it is right: hashes are compared. */
export function createSecretCheck(secret: string): (request: Request) => void {
  assertWebhookSecret(secret)
  const expected = sha256(utf8(secret))
  return (request) => {
    const given = sha256(utf8(request.headers.get('x-webhook-secret') ?? ''))
    if (!equalBytes(given, expected)) throw new MpcError('AUTH_FAILED', 'not authorized')
  }
}
