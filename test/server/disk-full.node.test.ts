import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Unavailable } from '../../src/service/http.ts'
import type { Database } from '../../src/service/database/types.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { play, type ServerClient } from '../support/server-client.ts'
import { newWallet, prove, sign } from './support/wallets.ts'
import { createWorld, type World } from './support/world.ts'

/** From now on each decision fails as on a full disk: with PostgreSQL's code for it, in the middle of a transaction. */
async function fillDisk(database: Database): Promise<void> {
  await database.query(
    `create or replace function disk_full() returns trigger language plpgsql as
     $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`,
  )
  await database.query('create trigger disk_full before insert on reshare_decisions execute function disk_full()')
}

const makeRoom = (database: Database) => database.query('drop trigger disk_full on reshare_decisions')

const postgres = databaseKinds.find(({ name }) => name === 'PostgreSQL')

describe.skipIf(postgres === undefined)('a full disk of PostgreSQL', () => {
  let database: Database
  let world: World
  let client: ServerClient
  let wallet: Awaited<ReturnType<typeof newWallet>>

  beforeAll(async () => {
    database = await postgres!.open()
    world = createWorld(database, seededRandom())
    client = world.client()
    wallet = await newWallet(client)
    await play(prove(client, wallet.signing))
  })
  afterAll(() => database.close())

  test('is the server’s trouble: the client repeats the request, which succeeds once there is room', async () => {
    await fillDisk(database)
    await expect(play(sign(client, wallet.signing))).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    expect(world.errors.splice(0)).toEqual([expect.any(Unavailable)])
    await makeRoom(database)
    expect((await play(sign(client, wallet.signing))).signature).toHaveLength(64)
    expect(world.errors).toEqual([])
  })
})
