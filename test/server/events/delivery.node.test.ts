import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventOutbox, type Replay } from '../../../src/server/index.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { createOutbox, newClientId, placesOf, testReceiver, type Outbox, type TestReceiver } from '../support/events.ts'
import { dyingDatabase } from '../support/dying-database.ts'
import { START } from '../support/tables.ts'

const random = seededRandom()
const HOUR = 60 * 60_000
const DAY = 24 * HOUR
const EVENT = { setId: 'ab'.repeat(32) }

describe.each(databaseKinds)('on $name', ({ name, open }) => {
  /** Whether it has several connections, so that transactions overlap. */
  const isPooled = name === 'PostgreSQL'
  let database: Database
  let outbox: Outbox
  let receiver: TestReceiver
  let clientId: string
  beforeAll(async () => {
    database = await open()
    outbox = await createOutbox(database, random)
  })
  beforeEach(() => {
    receiver = testReceiver(random)
    clientId = newClientId(random)
  })
  afterEach(async () => {
    expect(outbox.errors.splice(0)).toEqual([])
    outbox.metrics.length = 0
    outbox.clock = START
    await database.query('delete from reshare_events')
    await database.query('delete from reshare_event_queue')
  })
  afterAll(() => database.close())

  const rowsLeft = () => database.query('select client_id from reshare_event_queue')
  const errorsOf = () => outbox.errors.splice(0).map((error) => (error as Error).message)

  test('delivers events once, in the order of each client, with several processes at once', async () => {
    const clients = Array.from({ length: 12 }, () => newClientId(random))
    const deliverers = [outbox.deliverer(receiver), outbox.deliverer(receiver), outbox.deliverer(receiver)]
    // Slow enough that the others look for what to do meanwhile.
    receiver.respond = () => new Promise((resolve) => setTimeout(() => resolve(200), 1))
    const record = async () => {
      for (let i = 0; i < 5; i++) await Promise.all(clients.map((id) => outbox.record(id, EVENT)))
    }
    const recording = record()
    for (let i = 0; i < 3; i++) await Promise.all(deliverers.map((deliver) => deliver()))
    await recording
    await Promise.all(deliverers.map((deliver) => deliver()))
    for (const id of clients) expect(placesOf(receiver, id)).toEqual([1, 2, 3, 4, 5])
    expect(await rowsLeft()).toEqual([])
    const ids = receiver.received.map(({ id }) => id)
    expect(new Set(ids).size).toBe(60)
    expect(outbox.metrics.filter(({ name }) => name === 'eventDelivery')).toHaveLength(60)
  })

  test('says what happened, with ids alone', async () => {
    await outbox.record(clientId, { event: 'exported', ...EVENT, walletId: 'cd'.repeat(16), detail: 'ed25519' })
    await outbox.deliverer(receiver)()
    expect(receiver.received).toEqual([
      {
        id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
        event: {
          ...{ type: 'set.exported', timestamp: new Date(START).toISOString(), version: 1 },
          data: { clientId, sequence: 1, walletId: 'cd'.repeat(16), ...EVENT, curve: 'ed25519' },
        },
      },
    ])
  })

  test('waits with the later events of a client alone while one has failed, for longer each time', async () => {
    const other = newClientId(random)
    await outbox.record(clientId, EVENT, EVENT)
    await outbox.record(other, EVENT, EVENT)
    const deliver = outbox.deliverer(receiver)
    receiver.respond = ({ event }) => (event.data.clientId === clientId && event.data.sequence === 1 ? 503 : 200)
    await deliver()
    expect(placesOf(receiver, clientId)).toEqual([1])
    expect(placesOf(receiver, other)).toEqual([1, 2])
    expect(errorsOf()).toEqual(['the receiver of events failed (status 503): it is tried again'])
    // A new event does not come before the one that waits.
    await outbox.record(clientId, EVENT)
    await deliver()
    expect(placesOf(receiver, clientId)).toEqual([1])
    let expected = 5_000
    for (let attempts = 2; attempts <= 6; attempts++, expected *= 2) {
      outbox.clock += expected / 2 - 1
      await deliver()
      expect(placesOf(receiver, clientId)).toHaveLength(attempts - 1)
      outbox.clock += expected / 2 + 1
      await deliver()
      expect(placesOf(receiver, clientId)).toHaveLength(attempts)
      outbox.errors.length = 0
    }
    receiver.respond = () => 200
    outbox.clock += DAY
    await deliver()
    expect(placesOf(receiver, clientId)).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 3])
    const ids = receiver.received.filter(({ event }) => event.data.clientId === clientId).map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
    expect(await rowsLeft()).toEqual([])
  })

  test('gives an event up after its last attempt, goes on with the next, and replays what it is told to', async () => {
    receiver = testReceiver(random, { attempts: 3 })
    const deliver = outbox.deliverer(receiver)
    await outbox.record(clientId, EVENT, EVENT)
    receiver.respond = ({ event }) => (event.data.sequence === 1 ? 400 : 200)
    for (let i = 0; i < 5; i++, outbox.clock += DAY) await deliver()
    expect(placesOf(receiver, clientId)).toEqual([1, 1, 1, 2])
    const [first, second] = [receiver.received[0]!.id, receiver.received[3]!.id]
    expect(errorsOf()).toEqual([
      'the receiver of events failed (status 400): it is tried again',
      `the event ${first} (set.proven) was given up: status 400`,
    ])
    const operator = eventOutbox(database)
    expect(await operator.status()).toEqual({ pending: 0, oldestAt: null, dead: 1, goneAt: null })
    expect(await operator.dead()).toEqual([
      {
        ...{ eventId: first, type: 'set.proven', clientId, attempts: 3, failure: 'status 400' },
        ...{ createdAt: new Date(START), endedAt: new Date(START + 2 * DAY) },
      },
    ])
    for (const which of [
      {},
      { eventId: 1 },
      { dead: false },
      { from: new Date(0) },
      { from: new Date(0), to: new Date(8.64e15) },
    ]) {
      await expect(operator.replay(which as Replay)).rejects.toThrow(TypeError)
    }
    receiver.respond = () => 200
    receiver.received.length = 0
    expect(await operator.replay({ dead: true })).toBe(1)
    expect(await operator.status()).toMatchObject({ pending: 1, oldestAt: new Date(START), dead: 0 })
    await deliver()
    expect(receiver.received.map(({ id }) => id)).toEqual([first])
    expect(await operator.replay({ eventId: second })).toBe(1)
    expect(await operator.replay({ eventId: second })).toBe(0)
    await deliver()
    expect(receiver.received.map(({ id }) => id)).toEqual([first, second])
    expect(await operator.replay({ from: new Date(START), to: new Date(START + 1) })).toBe(2)
    expect(await operator.replay({ from: new Date(START + 1), to: new Date(START + DAY) })).toBe(0)
    await deliver()
    expect(receiver.received.map(({ id }) => id)).toEqual([first, second, first, second])
  })

  test('sends nothing more to a receiver that is gone, until it is told to', async () => {
    const deliver = outbox.deliverer(receiver)
    await outbox.record(clientId, EVENT, EVENT)
    receiver.respond = () => 410
    await deliver()
    await deliver()
    await outbox.deliverer(receiver)()
    expect(placesOf(receiver)).toEqual([`${clientId} 1`])
    expect(errorsOf()).toEqual(['the receiver of events responded with status 410: no more events are sent to it'])
    const operator = eventOutbox(database)
    expect(await operator.status()).toMatchObject({ pending: 2, goneAt: new Date(START) })
    // One at another URL is another receiver.
    const moved = testReceiver(random, { url: 'https://app.test/other' })
    await outbox.record(clientId, EVENT)
    await outbox.deliverer(moved)()
    expect(placesOf(moved, clientId)).toEqual([1, 2, 3])
    receiver.respond = () => 200
    await outbox.record(clientId, EVENT)
    await operator.resume()
    await deliver()
    expect(placesOf(receiver, clientId)).toEqual([1, 4])
    expect((await operator.status()).goneAt).toBeNull()
  })

  test('begins no attempt once its signal is aborted, and leaves the rest to others', async () => {
    await outbox.record(clientId, EVENT, EVENT)
    const controller = new AbortController()
    receiver.respond = () => {
      controller.abort()
      return 200
    }
    await outbox.deliverer(receiver)({ signal: controller.signal })
    expect(placesOf(receiver)).toEqual([`${clientId} 1`])
    await outbox.deliverer(receiver)({ signal: controller.signal })
    expect(placesOf(receiver)).toHaveLength(1)
    await outbox.deliverer(receiver)()
    expect(placesOf(receiver, clientId)).toEqual([1, 2])
  })

  test('does not wait for a clock that was wrong', async () => {
    await outbox.record(clientId, EVENT)
    receiver.respond = () => 500
    outbox.clock += 365 * DAY
    await outbox.deliverer(receiver)()
    receiver.respond = () => 200
    outbox.clock = START
    await outbox.deliverer(receiver)()
    expect(placesOf(receiver, clientId)).toEqual([1, 1])
    outbox.errors.length = 0
  })

  test('delivers the events of a client in turns, and none is left behind', async () => {
    await outbox.record(clientId, ...Array.from({ length: 70 }, () => EVENT))
    await outbox.deliverer(receiver)()
    expect(placesOf(receiver, clientId)).toEqual(Array.from({ length: 70 }, (_, i) => i + 1))
    expect(await rowsLeft()).toEqual([])
  })

  test('loses nothing and keeps the order wherever a process is killed; another goes on after its lease', async () => {
    for (let nth = 1; ; nth++) {
      receiver = testReceiver(random)
      const clients = [newClientId(random), newClientId(random)]
      for (const id of clients) await outbox.record(id, EVENT, EVENT)
      const dying = dyingDatabase(database, nth)
      await outbox
        .deliverer(receiver, dying.database)()
        .catch(() => undefined)
      await outbox.deliverer(receiver)()
      outbox.clock += 45_001
      await outbox.deliverer(receiver)()
      for (const id of clients) {
        const places = placesOf(receiver, id)
        expect([nth, [...new Set(places)]]).toEqual([nth, [1, 2]])
        // Only what was under way is sent twice.
        expect(places.length).toBeLessThanOrEqual(3)
      }
      expect([nth, await rowsLeft()]).toEqual([nth, []])
      if (!dying.isDead()) break
    }
  })

  test('a process that was stopped for longer than its lease leaves alone what another has taken over', async () => {
    await outbox.record(clientId, EVENT, EVENT)
    let isFirst = true
    receiver.respond = async ({ event }) => {
      if (isFirst) {
        isFirst = false
        outbox.clock += 45_001
        await outbox.deliverer(receiver)()
        return 200
      }
      return event.data.sequence === 2 ? 500 : 200
    }
    await outbox.deliverer(receiver)()
    expect(placesOf(receiver, clientId)).toEqual([1, 1, 2])
    expect(errorsOf()).toEqual(['the receiver of events failed (status 500): it is tried again'])
  })

  test('goes on with the others while the receiver does not respond to one', async () => {
    receiver = testReceiver(random, { timeoutMs: 200 })
    const others = Array.from({ length: 10 }, () => newClientId(random))
    for (const id of [clientId, ...others]) await outbox.record(id, EVENT)
    let answered = 0
    receiver.respond = ({ event }) => {
      if (event.data.clientId === clientId) return new Promise(() => undefined)
      answered += 1
      return 200
    }
    await outbox.deliverer(receiver)()
    expect(answered).toBe(10)
    expect(errorsOf()).toEqual(['the receiver of events failed (timeout): it is tried again'])
  })

  test('an event that is committed while its client leaves the queue is not left behind', async () => {
    const late = newClientId(random)
    await outbox.record(late, EVENT)
    let recorded = false
    // Between the look at the queue and the end of the lease.
    const view: Database = {
      ...database,
      transaction: (work, isolation) =>
        database.transaction(
          (tx) =>
            work({
              query: async (sql, parameters) => {
                const rows = await tx.query(sql, parameters)
                if (sql.includes('set attempts') && !recorded) {
                  recorded = true
                  if (isPooled) await outbox.record(late, EVENT)
                }
                return rows
              },
            }),
          isolation,
        ),
    }
    await outbox.deliverer(receiver, view)()
    if (!isPooled) await outbox.record(late, EVENT)
    await outbox.deliverer(receiver)()
    expect(placesOf(receiver, late)).toEqual([1, 2])
    expect(await rowsLeft()).toEqual([])
  })
})
