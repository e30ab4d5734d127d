// Receives the events of a signing server, as any receiver of Standard Webhooks does.
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { Webhook } from 'standardwebhooks'
import type { WalletEvent } from 'reshare/server'

/** Events by their ids. In a database: a table whose key is the id, which the event's effect is written with. */
export type Inbox = Map<string, WalletEvent>

/**
 * @param secret the signing server's `RESHARE_EVENTS_SECRET`
 * @param inbox what was received before, in the order in which it came
 * @param handle what is to be done for an event; it may take as long as it likes
 */
export function createReceiver(secret: string, inbox: Inbox, handle: (event: WalletEvent) => void): Hono {
  const webhook = new Webhook(secret)
  const app = new Hono()
  app.post('/events', bodyLimit({ maxSize: 64 * 1024 }), async (context) => {
    // The signature is over these bytes: they are verified before they are parsed.
    const body = await context.req.text()
    const id = context.req.header('webhook-id') ?? ''
    let event: WalletEvent
    try {
      event = webhook.verify(body, context.req.header()) as WalletEvent
    } catch {
      return context.body(null, 401)
    }
    // An event may come again, with the same id.
    if (!inbox.has(id)) {
      inbox.set(id, event)
      // Not before the response, which the server waits for.
      setImmediate(handle, event)
    }
    return context.body(null, 204)
  })
  return app
}
