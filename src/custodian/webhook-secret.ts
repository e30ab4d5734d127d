import { notAuthorized } from '../service/not-authorized.ts'
import { createSecretComparison, isHeaderSecret } from '../service/secret-check.ts'

/** @throws {TypeError} unless the secret can be sent in a header and is long enough */
export function assertWebhookSecret(secret: unknown): asserts secret is string {
  if (isHeaderSecret(secret)) return
  throw new TypeError('the webhook secret must be 16 or more printable ASCII characters')
}

/** Checks `X-Webhook-Secret`. */
export function createSecretCheck(secret: string): (request: Request) => void {
  assertWebhookSecret(secret)
  const matches = createSecretComparison(secret)
  return (request) => {
    if (!matches(request.headers.get('x-webhook-secret') ?? '')) throw notAuthorized()
  }
}
