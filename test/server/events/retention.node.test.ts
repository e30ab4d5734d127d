import { afterAll, beforeAll, expect, test } from 'vitest'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { forgetEvents } from '../../../src/server/events/forget.ts'
import { KEEP_EVENTS_MS, readEventReceiver } from '../../../src/server/events/receiver.ts'
import { seededRandom } from '../../support/random.ts'
import { createOutbox, testReceiver, type Outbox } from '../support/events.ts'
import { START } from '../support/tables.ts'

const random = seededRandom()
let outbox: Outbox
beforeAll(async () => {
  outbox = await createOutbox(pgliteDatabase(), random)
})
afterAll(() => outbox.database.close())

test('keeps what has ended for a time, and what is pending for ever', async () => {
  const { database } = outbox
  const receiver = testReceiver(random, { attempts: 1 })
  const now = () => outbox.clock
  const left = async () =>
    (await database.query('select client_id from reshare_events order by client_id')).map((row) => row['client_id'])
  for (const clientId of ['dead', 'delivered']) await outbox.record(clientId, {})
  receiver.respond = ({ event }) => (event.data.clientId === 'dead' ? 500 : 200)
  await outbox.deliverer(receiver)()
  await outbox.record('pending', {})
  const events = readEventReceiver({ ...receiver.options, keepMs: 1000 })
  outbox.clock = START + 999
  await forgetEvents({ database, now, events })
  expect(await left()).toEqual(['dead', 'delivered', 'pending'])
  outbox.clock = START + KEEP_EVENTS_MS - 1
  await forgetEvents({ database, now, events: undefined })
  expect(await left()).toEqual(['dead', 'delivered', 'pending'])
  outbox.clock = START + 1000
  await forgetEvents({ database, now, events })
  expect(await left()).toEqual(['pending'])
  outbox.clock = START + 1000 * KEEP_EVENTS_MS
  await forgetEvents({ database, now, events: undefined })
  expect(await left()).toEqual(['pending'])
})
