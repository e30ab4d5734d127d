import { sha256 } from '@noble/hashes/sha2.js'
import { notAuthorized } from '../service/not-authorized.ts'
import { equalBytes, utf8 } from '../util/bytes.ts'

/** @throws {TypeError} unless the secret can be sent in a header and is long enough */
export function assertWebhookSecret(secret: unknown): asserts secret is string {
  if (typeof secret === 'string' && /^[\x21-\x7e]{16,}$/.test(secret)) return
  throw new TypeError('the webhook secret must be 16 or more printable ASCII characters')
}

/** Checks `X-Webhook-Secret`. It compares hashes, so that the timing does not reveal how much of the secret matches. */
export function createSecretCheck(secret: string): (request: Request) => void {
  assertWebhookSecret(secret)
  const expected = sha256(utf8(secret))
  return (request) => {
    const given = sha256(utf8(request.headers.get('x-webhook-secret') ?? ''))
    if (!equalBytes(given, expected)) throw notAuthorized()
  }
}
