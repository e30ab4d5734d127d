import { Webhook } from 'standardwebhooks'
import { createAuditLog, type AuditLog } from '../../../src/server/audit/log.ts'
import type { AuditEvent } from '../../../src/server/audit/entry.ts'
import { createDelivery, type DeliverEvents } from '../../../src/server/events/deliver.ts'
import type { WalletEvent } from '../../../src/server/events/event.ts'
import { readEventReceiver, type EventOptions } from '../../../src/server/events/receiver.ts'
import type { MetricEvent } from '../../../src/server/observe.ts'
import { serverSchema } from '../../../src/server/schema.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { toBase64, toHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { createSealer } from '../../../src/util/seal.ts'
import { START } from './tables.ts'

/** What a receiver has got, verified by the library of Standard Webhooks. */
export interface Received {
  readonly id: string
  readonly event: WalletEvent
}

/** A receiver in memory. */
export interface TestReceiver {
  readonly options: EventOptions
  readonly received: Received[]
  /** The status of the response to an event; it may wait, or throw for a lost connection. Default: 204. */
  respond: (received: Received) => number | Promise<number>
}

export const newSecret = (random: RandomSource) => `whsec_${toBase64(random(32))}`

export function testReceiver(random: RandomSource, options: Partial<EventOptions> = {}): TestReceiver {
  const secret = newSecret(random)
  const webhook = new Webhook(secret)
  const receiver: TestReceiver = {
    received: [],
    respond: () => 204,
    options: {
      url: 'https://app.test/events',
      secrets: [secret],
      async fetch(_, init) {
        const { body, headers } = init as { body: string; headers: Record<string, string> }
        // The library has a clock of its own, and the tests another one: that of the message is checked for what it says.
        const at = new Date(Number(headers['webhook-timestamp']) * 1000)
        const signature = webhook.sign(headers['webhook-id'] as string, at, body)
        if (signature !== headers['webhook-signature']) return new Response(null, { status: 401 })
        const received = { id: headers['webhook-id'] as string, event: JSON.parse(body) as WalletEvent }
        receiver.received.push(received)
        return new Response(null, { status: await receiver.respond(received) })
      },
      ...options,
    },
  }
  return receiver
}

/** The outbox of a database, without the operations that write into it. */
export interface Outbox {
  readonly database: Database
  readonly errors: unknown[]
  readonly metrics: MetricEvent[]
  readonly log: AuditLog
  clock: number
  /** Records events of a client in a transaction each; their wallets are numbered from 1. @returns the numbers */
  record(clientId: string, ...events: Partial<AuditEvent>[]): Promise<void>
  /** A process that delivers; its database may be another view of the same. */
  deliverer(receiver: TestReceiver, database?: Database): DeliverEvents
}

export async function createOutbox(database: Database, random: RandomSource): Promise<Outbox> {
  await database.migrate(serverSchema)
  const now = () => outbox.clock
  const sealer = createSealer(random(32), random)
  const outbox: Outbox = {
    database,
    errors: [],
    metrics: [],
    log: createAuditLog({ database, sealer, random, now, sendsEvents: true }),
    clock: START,
    async record(clientId, ...events) {
      for (const event of events) {
        await database.transaction((tx) => outbox.log.record(tx, clientId, [{ event: 'proven', ...event }]))
      }
    },
    deliverer: (receiver, view = database) =>
      createDelivery(
        {
          ...{ database: view, random, now },
          observe: (event) => outbox.metrics.push(event),
          onError: (error) => outbox.errors.push(error),
        },
        readEventReceiver(receiver.options)!,
      ),
  }
  await outbox.log.open()
  return outbox
}

/** `client sequence` of what was received, in the order in which it was received. */
export const placesOf = ({ received }: TestReceiver, clientId?: string) =>
  received
    .map(({ event }) => event.data)
    .filter((data) => clientId === undefined || data.clientId === clientId)
    .map((data) => (clientId === undefined ? `${data.clientId} ${data.sequence}` : data.sequence))

/** A client's id of its own. */
export const newClientId = (random: RandomSource) => `client-${toHex(random(4))}`
