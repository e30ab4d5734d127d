import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { apiTokens } from '../../../src/server/access/tokens.ts'
import { eventOutbox } from '../../../src/server/events/event-outbox.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { play } from '../../support/server-client.ts'
import { newWallet, sign, type TestWallet } from '../support/wallets.ts'
import { breaksOf, createShard, isLive, move, routedClient, type RoutedClient, type Shard } from './two-shards.ts'

const random = seededRandom()
describe.each(chosenDatabases('left-behind'))('what moves leave behind on $name', ({ open }) => {
  let a: Shard
  let b: Shard
  let client: RoutedClient
  let wallet: TestWallet

  beforeAll(async () => {
    a = await createShard(await open(), random)
    b = await createShard(await open(), random, a.world.custodian)
  })
  afterAll(async () => {
    for (const { world } of [a, b]) await world.database.close()
  })
  beforeEach(async () => {
    client = routedClient(a, random)
    wallet = await newWallet(client)
  })

  test('a log that was cut where its client had left is not that of a client that is away', async () => {
    await move(a, b, client.clientId, { unused: true })
    await move(b, a, client.clientId, { unused: true })
    await play(sign(client, wallet.signing))
    const { database } = a.world
    const { clientId } = client
    const logs = ['reshare_audit', 'reshare_audit_heads']
    for (const table of logs) await database.query(`alter table ${table} disable trigger all`)
    try {
      await database.query(
        `delete from reshare_audit where client_id = $1 and sequence >
         (select min(sequence) from reshare_audit where client_id = $1 and event = 'departed')`,
        [clientId],
      )
      await database.query(
        `update reshare_audit_heads set (sequence, hash) =
         (select sequence, hash from reshare_audit where client_id = $1 order by sequence desc limit 1)
       where client_id = $1`,
        [clientId],
      )
    } finally {
      for (const table of logs) await database.query(`alter table ${table} enable trigger all`)
    }
    const broken = { clientId, reason: 'DISAGREES', sequence: 0, message: 'the client has left in the log only' }
    expect((await breaksOf(a)).filter((found) => found.clientId === clientId)).toEqual([broken])
  })

  test('an event is replayed where its client is', async () => {
    await a.world.database.query(
      `insert into reshare_events (client_id, sequence, event_id, type, created_at, body, queued, outcome, ended_at)
     values ($1, 1, $2, 'set.destroyed', now(), '{}', true, 'dead', now())`,
      [client.clientId, `event of ${client.clientId}`],
    )
    await move(a, b, client.clientId)
    const replayed = ({ world }: Shard) =>
      eventOutbox(world.database).replay({ eventId: `event of ${client.clientId}` })
    expect([await replayed(a), await replayed(b)]).toEqual([0, 1])
  })

  test('a database with a table of clients that this version does not know is not moved from or to', async () => {
    for (const { world } of [a, b]) {
      await world.database.query('create table reshare_notes (client_id text not null)')
      try {
        await expect(move(a, b, client.clientId)).rejects.toThrow('reshare_notes')
      } finally {
        await world.database.query('drop table reshare_notes')
      }
    }
    expect(await isLive(a, client.clientId)).toBe(true)
  })

  test('tokens at the target of a client that was never there are those of another one', async () => {
    const token = await apiTokens(b.world.database).create(client.clientId)
    await expect(move(a, b, client.clientId)).rejects.toThrow('has a client of this id')
    expect(await isLive(a, client.clientId)).toBe(true)
    await apiTokens(b.world.database).revoke(token)
  })
})
