import type { Queryable } from '../../service/database/types.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { since } from '../observe.ts'
import { attemptResult, LONGEST_DELAY_MS, retryDelayMs } from './attempts.ts'
import { postEvent, type Delivery } from './post.ts'
import {
  keepLease,
  leaseClient,
  nextEvent,
  queueNewEvents,
  recordAttempt,
  type Lease,
  type PendingEvent,
} from './queue.ts'
import type { EventReceiver } from './receiver.ts'

/** Options of `deliverEvents`. */
export interface DeliveryOptions {
  /** Once it is aborted, no further attempt begins; those under way end. */
  readonly signal?: AbortSignal
}

/** Delivers what is due, and resolves once nothing is that no other call or process works on. */
export type DeliverEvents = (options?: DeliveryOptions) => Promise<void>

/** How many clients a process delivers events of at the same time. */
const WORKERS = 8
/** How many events of a client are delivered before it is another one's turn. */
const TURN = 32
/** How much longer than one attempt a lease lasts. */
const LEASE_MARGIN_MS = 30_000
const TOKEN_LENGTH = 16

type DeliveryContext = Pick<ServerContext, 'database' | 'random' | 'now' | 'observe' | 'onError'>

/**
 * Makes the function that delivers what is due. While a client's event is being delivered, or waits for its next attempt,
 * the client's later events wait; other clients' do not.
 */
export function createDelivery(context: DeliveryContext, receiver: EventReceiver): DeliverEvents {
  const { database, random } = context
  const leaseMs = receiver.timeoutMs + LEASE_MARGIN_MS
  const report = createReport(context)
  const inTransaction = <T>(run: (tx: Queryable) => Promise<T>) => database.transaction(run, 'read committed')
  let workers = 0
  /** What the receiver has said: it wants no more. */
  const receiverState = { isGone: false }

  /** @returns whether the lease goes on */
  const deliverNext = async (lease: Lease): Promise<boolean> => {
    const event = await nextEvent(database, lease.clientId)
    if (event === undefined) return inTransaction((tx) => keepLease(tx, lease, timestamp(context, leaseMs)))
    const started = performance.now()
    const message = { id: event.eventId, seconds: Math.floor(context.now() / 1000), body: event.body }
    const delivery = await postEvent(receiver, message)
    const isGone = !delivery.delivered && delivery.gone
    if (isGone) receiverState.isGone = true
    const result = attemptResult(event, delivery, { attempts: receiver.attempts, at: timestamp(context) })
    context.observe({ name: 'eventDelivery', outcome: result.outcome ?? 'failed', ms: since(started) })
    report(event, delivery, result.outcome === 'dead')
    const waits = result.outcome === null && !isGone
    const dueMs = waits ? retryDelayMs(event.attempts, random) : leaseMs
    const kept = await inTransaction(async (tx) => {
      if (isGone) await recordGone(tx, receiver, timestamp(context))
      else await recordAttempt(tx, event, result)
      return keepLease(tx, lease, timestamp(context, dueMs))
    })
    return kept && !waits
  }

  const deliverTurn = async (lease: Lease, signal?: AbortSignal): Promise<void> => {
    for (let i = 0; i < TURN && !receiverState.isGone && !signal?.aborted; i++) if (!(await deliverNext(lease))) return
    await inTransaction((tx) => keepLease(tx, lease, timestamp(context)))
  }

  const work = async (signal?: AbortSignal): Promise<void> => {
    while (!receiverState.isGone && !signal?.aborted) {
      const lease = await leaseClient(database, random(TOKEN_LENGTH), {
        now: timestamp(context),
        until: timestamp(context, leaseMs),
        latest: timestamp(context, Math.max(LONGEST_DELAY_MS, leaseMs)),
      })
      if (lease === undefined) return
      await deliverTurn(lease, signal)
    }
  }

  return async ({ signal } = {}) => {
    receiverState.isGone = await readGone(database, receiver)
    if (receiverState.isGone || signal?.aborted) return
    await queueNewEvents(database, timestamp(context))
    const started: Promise<void>[] = []
    while (workers < WORKERS) {
      workers += 1
      started.push(work(signal).finally(() => (workers -= 1)))
    }
    for (const ended of await Promise.allSettled(started)) if (ended.status === 'rejected') throw ended.reason
  }
}

/** Reports the first of failures in a row, each event that is given up, and a receiver that wants no more. */
function createReport({ onError }: DeliveryContext) {
  let hasFailed = false
  return ({ eventId, type }: PendingEvent, delivery: Delivery, isDead: boolean): void => {
    const wasFailing = hasFailed
    hasFailed = !delivery.delivered
    if (delivery.delivered) return
    const { failure, gone } = delivery
    if (gone) onError(new Error('the receiver of events responded with status 410: no more events are sent to it'))
    else if (isDead) onError(new Error(`the event ${eventId} (${type}) was given up: ${failure}`))
    else if (!wasFailing) onError(new Error(`the receiver of events failed (${failure}): it is tried again`))
  }
}

async function recordGone(tx: Queryable, { urlHash }: EventReceiver, now: Date): Promise<void> {
  await tx.query(
    'insert into reshare_event_receivers_gone (url_hash, gone_at) values ($1, $2) on conflict (url_hash) do nothing',
    [urlHash, now],
  )
}

async function readGone(db: Queryable, { urlHash }: EventReceiver): Promise<boolean> {
  return (await db.query('select 1 from reshare_event_receivers_gone where url_hash = $1', [urlHash])).length > 0
}
