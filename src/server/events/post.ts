import { within } from '../../util/within.ts'
import type { EventReceiver } from './receiver.ts'
import { webhookHeaders, type WebhookMessage } from './signature.ts'

/** How the receiver has responded: any 2xx is a success. */
export type Delivery =
  | { readonly delivered: true }
  | {
      readonly delivered: false
      /** `status 500`, `timeout` or `unreachable`: nothing of the response, of the URL or of a secret. */
      readonly failure: string
      /** Whether the receiver wants no more events: status 410. */
      readonly gone: boolean
    }

/** Sends one signed message. Never rejects. Redirects are not followed, and the body of the response is not read. */
export async function postEvent(receiver: EventReceiver, message: WebhookMessage): Promise<Delivery> {
  const { url, keys, timeoutMs, fetch } = receiver
  const late = new Error('the receiver of events did not respond in time')
  try {
    // Raced as well: not every fetch respects the signal.
    const { status, body } = await within(
      timeoutMs,
      (signal) =>
        fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...webhookHeaders(keys, message) },
          body: message.body,
          // What is signed is sent to the configured address only.
          redirect: 'manual',
          signal,
        }),
      () => late,
    )
    body?.cancel().catch(() => undefined)
    if (status >= 200 && status <= 299) return { delivered: true }
    return { delivered: false, failure: `status ${status}`, gone: status === 410 }
  } catch (error) {
    return { delivered: false, failure: error === late ? 'timeout' : 'unreachable', gone: false }
  }
}
