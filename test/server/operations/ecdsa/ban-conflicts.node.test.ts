import { beforeEach, expect, test } from 'vitest'
import type { Isolation, Queryable } from '../../../../src/service/database/types.ts'
import {
  abortOperation,
  codeOf,
  play,
  serverClient,
  type ClientOperation,
  type ServerClient,
} from '../../../support/server-client.ts'
import { cheat } from '../../support/ecdsa.ts'
import { fileWorld } from '../../support/file-world.ts'
import { newWallet, setIdOf, setup, signEcdsa, type TestWallet } from '../../support/wallets.ts'
import { type World } from '../../support/world.ts'

// A client that is caught may have the transaction that says so fail for its conflicts with what the client does elsewhere
// at the same time. The database fails here as it does when it has given up to try again.

let world: World
let clientId: string
let wallet: TestWallet
fileWorld((made) => (world = made))
beforeEach(async () => {
  const client = world.client()
  clientId = client.clientId
  wallet = await newWallet(client)
})

/** The database, whose statements that match fail as often as told. */
function failing(pattern: RegExp, times: number) {
  let left = times
  return {
    ...world.database,
    transaction: <T>(work: (tx: Queryable) => Promise<T>, isolation?: Isolation) =>
      world.database.transaction(
        (tx) =>
          work({
            query: async (sql, parameters) => {
              if (pattern.test(sql) && left > 0) {
                left -= 1
                throw new Error('could not serialize access')
              }
              return tx.query(sql, parameters)
            },
          }),
        isolation,
      ),
  }
}

function clientOn(database: World['database']): ServerClient {
  const server = world.server({ database, onError: () => undefined })
  return serverClient((request) => server.fetch(request), clientId, world.random)
}

/** A signature up to the request in which the client cheats, in a column where the server is sure to notice. */
async function cheating(client: ServerClient): Promise<ClientOperation> {
  const operation = signEcdsa(client, wallet)
  operation.take(await operation.post())
  cheat(operation)
  return operation
}

async function isPoisoned(): Promise<boolean> {
  const [row] = await world.database.query('select poisoned from reshare_ot_states where set_id = $1', [
    setIdOf(wallet.signing),
  ])
  return row?.['poisoned'] === true
}

test('writes of other operations of the set cannot keep a ban from being written', async () => {
  const client = clientOn(failing(/set state = null|into reshare_decisions|from reshare_preprocessings/, Infinity))
  const other = signEcdsa(client, wallet)
  other.take(await other.post())
  const operation = await cheating(client)
  expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
  expect(await isPoisoned()).toBe(true)
})

test('a ban whose transaction fails to the end is written by itself before the answer', async () => {
  const client = clientOn(failing(/poisoned = true/, 1))
  const operation = await cheating(client)
  expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
  expect(await isPoisoned()).toBe(true)
})

test('until a ban is written the server that has seen the cheat refuses the set', async () => {
  const client = clientOn(failing(/poisoned = true/, 2))
  const renewing = setup(client, wallet)
  renewing.take(await renewing.post())
  const next = signEcdsa(client, wallet)
  next.take(await next.post())
  const operation = await cheating(client)
  expect((await operation.post()).status).toBe(500)
  expect(await isPoisoned()).toBe(false)
  expect(await abortOperation(client, operation.operationId)).toEqual({ decision: 'ABORT' })
  // A new setup would wash the cheat off, and a second check would tell another bit.
  expect(codeOf(await renewing.post())).toBe('OT_POISONED')
  expect(codeOf(await setup(client, wallet).post())).toBe('OT_POISONED')
  expect(codeOf(await next.post())).toBe('PROTOCOL_ABORTED')
  expect(await isPoisoned()).toBe(true)
  await expect(play(signEcdsa(client, wallet))).rejects.toMatchObject({ code: 'OT_POISONED' })
})
