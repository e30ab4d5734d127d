import type { Server, ServerOptions } from './create-server.ts'
import { eventOutbox, type EventOutbox, type Replay } from './events/event-outbox.ts'
import { readEventReceiver } from './events/receiver.ts'
import { openDatabase } from './program-database.ts'
import { given, givenList } from './program-env.ts'
import { programLog } from './program-log.ts'

const DELIVER_MS = 1_000

/** Reads the variables of events. Mistakes in them are found before the database is opened. */
export function readEvents(): Pick<ServerOptions, 'events'> {
  const url = given('RESHARE_EVENTS_URL')
  const secrets = givenList('RESHARE_EVENTS_SECRET')
  if (url === undefined) {
    if (secrets.length === 0) return {}
    throw new Error('RESHARE_EVENTS_SECRET needs RESHARE_EVENTS_URL')
  }
  if (secrets.length === 0) throw new Error('RESHARE_EVENTS_URL needs RESHARE_EVENTS_SECRET')
  const events = { url, secrets }
  readEventReceiver(events)
  return { events }
}

/**
 * Delivers what is due, every second. The first of failures of the database in a row is logged.
 *
 * @returns ends it; resolves once the attempts under way have ended
 */
export function startDeliveries({ deliverEvents }: Pick<Server, 'deliverEvents'>): () => Promise<void> {
  const controller = new AbortController()
  const running = new Set<Promise<void>>()
  let hasFailed = false
  const deliver = async () => {
    try {
      await deliverEvents({ signal: controller.signal })
      hasFailed = false
    } catch (error) {
      if (!hasFailed) programLog().error(error)
      hasFailed = true
    }
  }
  const timer = setInterval(() => {
    const delivery = deliver()
    running.add(delivery)
    void delivery.finally(() => running.delete(delivery))
  }, DELIVER_MS)
  return async () => {
    clearInterval(timer)
    controller.abort()
    await Promise.all(running)
  }
}

/** Prints the result of `reshare-server events …`, as JSON. */
export async function printEvents(parameters: readonly string[]): Promise<void> {
  const run = eventsCommand(parameters)
  const database = openDatabase()
  try {
    process.stdout.write(`${JSON.stringify(await run?.(eventOutbox(database)))}\n`)
  } finally {
    await database.close()
  }
}

/**
 * What `reshare-server events …` does; undefined if there is no such command.
 *
 * @throws {RangeError} if a time is not one
 */
export function eventsCommand([command, ...rest]: readonly string[]):
  ((outbox: EventOutbox) => Promise<object>) | undefined {
  if (command === undefined) {
    return async (outbox) => ({ ...(await outbox.status()), deadEvents: await outbox.dead() })
  }
  if (command === 'resume' && rest.length === 0) {
    return async (outbox) => {
      await outbox.resume()
      return { goneAt: null }
    }
  }
  const which = command === 'replay' ? readReplay(rest) : undefined
  return which && (async (outbox) => ({ replayed: await outbox.replay(which) }))
}

function readReplay([first, second, ...rest]: readonly string[]): Replay | undefined {
  if (first === undefined || rest.length > 0) return undefined
  if (second !== undefined) return { from: readTime(first), to: readTime(second) }
  return first === 'dead' ? { dead: true } : { eventId: first }
}

/** @throws {RangeError} unless it is a date or time that is the same everywhere: one without a zone is not */
function readTime(text: string): Date {
  const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/.test(text) ? new Date(text) : undefined
  if (time === undefined || Number.isNaN(time.getTime())) {
    throw new RangeError('a time must be in UTC, such as 2026-01-31 or 2026-01-31T12:00:00Z')
  }
  return time
}
