import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Unavailable } from '../../src/service/http.ts'
import type { Database, Queryable } from '../../src/service/database/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, unwrap, type ServerClient } from '../support/server-client.ts'
import { deviceServer, newDevice, plantSet, revokeDevice } from './support/devices.ts'
import { cheat } from './support/ecdsa.ts'
import { complete, newWallet, preprocessed, setIdOf, sign, type TestWallet } from './support/wallets.ts'
import { createWorld, type World } from './support/world.ts'

// Attacks on operations that begin, are played and stored in one transaction.

/** The length of the message in which a client cheats when it completes a signature. */
const OPENING = 130
const CHEATS = 4

describe.each(databaseKinds)('an attack on operations of one round on $name', ({ name, open }) => {
  let world: World
  let client: ServerClient
  let wallet: TestWallet
  beforeAll(async () => {
    world = createWorld(await open(), seededRandom())
    await world.server().sweep()
    client = world.client()
    wallet = await newWallet(client)
  })
  afterAll(() => world.database.close())

  /** A server of its own before the client, whose transactions are run by `run`. */
  function through(run: (transaction: Database['transaction']) => Database['transaction'], of = client) {
    const { transaction } = world.database
    const database = { ...world.database, transaction: run(transaction) }
    return world.client([world.server({ database })], of.clientId)
  }

  const codeAgain = async (post: () => ReturnType<ServerClient['send']>) => [codeOf(await post()), codeOf(await post())]

  test('by cheating at several servers at once learns one bit', async () => {
    const own = world.client()
    const mine = await newWallet(own)
    const operations = []
    for (let i = 0; i < CHEATS; i++) {
      const operation = complete(own, mine, await preprocessed(own, mine))
      cheat(operation, [OPENING])
      operations.push(operation)
    }
    let bans = 0
    const count = (sql: string) => (bans += sql.includes('poisoned = true') ? 1 : 0)
    const servers = operations.map(() => world.client([world.server({ database: counting(count) })], own.clientId))
    const answers = await Promise.all(operations.map((operation, i) => operation.post(servers[i])))
    expect(bans).toBe(1)
    const codes = answers.map(codeOf)
    expect(codes.filter((code) => code === 'PROTOCOL_ABORTED')).toHaveLength(1)
    for (const code of codes) expect(['PROTOCOL_ABORTED', 'OT_POISONED', 'PREPROCESSING_NOT_FOUND']).toContain(code)
    const left = 'select 1 from reshare_preprocessings where set_id = $1'
    expect(await world.database.query(left, [setIdOf(mine.signing)])).toEqual([])
  })

  function counting(call: (sql: string) => unknown): Database {
    const { database } = world
    const transaction: Database['transaction'] = (work, isolation) =>
      database.transaction((tx) => {
        const query: Queryable['query'] = async (sql, parameters) => {
          call(sql)
          return tx.query(sql, parameters)
        }
        return work({ query })
      }, isolation)
    return { ...database, transaction }
  }

  test('that has a ban written by itself hears the same again', async () => {
    const own = world.client()
    const mine = await newWallet(own)
    const operation = complete(own, mine, await preprocessed(own, mine))
    cheat(operation, [OPENING])
    let failures = 0
    const fail = (sql: string) => {
      if (sql.includes('poisoned = true') && ++failures === 1) throw new Error('could not serialize access')
    }
    const server = world.client([world.server({ database: counting(fail) })], own.clientId)
    expect(await codeAgain(() => operation.post(server))).toEqual(['PROTOCOL_ABORTED', 'PROTOCOL_ABORTED'])
    expect(failures).toBeGreaterThan(1)
    world.errors.length = 0
  })

  test('by losing the answer to a commit gets the answer that was stored, and no second one', async () => {
    for (const operation of [
      sign(client, wallet.signing),
      complete(client, wallet, await preprocessed(client, wallet)),
    ]) {
      const lost = through((transaction) => async (work, isolation) => {
        await transaction(work, isolation)
        throw new Unavailable('the connection is lost')
      })
      expect((await operation.post(lost)).status).toBe(503)
      const { body: sent } = operation
      const stored = unwrap(await operation.post())
      expect(unwrap(await operation.post())).toEqual(stored)
      operation.body = sign(client, wallet.signing, 'ed25519', 'another message').body
      expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
      operation.body = sent
      operation.take(await operation.post())
      expect(operation.signature).toBeDefined()
    }
    world.errors.length = 0
  })

  test('with one preprocessing for many statements at once gets one signature', async () => {
    const held = await preprocessed(client, wallet)
    const messages = ['00', '01', '02', '03']
    const operations = messages.map((message) => complete(client, wallet, held, { message }))
    const servers = operations.map(() => world.client([world.server()], client.clientId))
    const answers = await Promise.all(operations.map((operation, i) => operation.post(servers[i])))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers) if (answer.status !== 200) expect(codeOf(answer)).toBe('PREPROCESSING_NOT_FOUND')
  })

  test('with other bytes between a failed play and the longer way is played once, by one request', async () => {
    const operation = sign(client, wallet.signing)
    const first = operation.body
    const other = sign(client, wallet.signing, 'ed25519', 'another message')
    let meanwhile: Awaited<ReturnType<typeof operation.post>> | undefined
    let plays = 0
    const failing = through((transaction) => async (work, isolation) => {
      if (++plays > 1) return transaction(work, isolation)
      // Rolled back for what is no fault of the database: the same operation then comes with another message.
      await transaction(async (tx) => {
        await work(tx)
        throw new Error('rolled back')
      }, isolation).catch(() => undefined)
      operation.body = other.body
      meanwhile = await operation.post()
      operation.body = first
      throw new Error('rolled back')
    })
    expect(await codeAgain(() => operation.post(failing))).toEqual(['OPERATION_IN_PROGRESS', 'PROTOCOL_ABORTED'])
    expect(meanwhile?.status).toBe(200)
    const stored = 'select round from reshare_responses where operation_id = $1'
    expect(await world.database.query(stored, [operation.operationId])).toEqual([{ round: 1 }])
  })

  test.runIf(name === 'PostgreSQL')('by a device that is revoked meanwhile is over before that is', async () => {
    const server = deviceServer(world)
    const clientId = `client-${toHex(world.random(8))}`
    const [phone, tablet] = [newDevice(world), newDevice(world)]
    const bound = await plantSet(world, server.context, { clientId, device: phone })
    const walletId = toHex(bound.walletId)
    await plantSet(world, server.context, { clientId, device: tablet, walletId })
    const unbound = await plantSet(world, server.context, { clientId, device: null })
    const order: string[] = []
    let revoking: Promise<unknown> = Promise.resolve()
    const transaction: Database['transaction'] = (work, isolation) =>
      world.database.transaction(async (tx) => {
        const result = await work(tx)
        if (!('response' in Object(result))) return result
        revoking = revokeDevice(server.client(clientId, tablet), phone).then(() => order.push('revoked'))
        await Promise.race([revoking, new Promise((resolve) => setTimeout(resolve, 500))])
        order.push('signed')
        return result
      }, isolation)
    const { client: of } = deviceServer(world, { database: { ...world.database, transaction } })
    const answer = await sign(of(clientId, phone), unbound).post()
    await revoking
    expect([answer.status, ...order]).toEqual([200, 'signed', 'revoked'])
  })
})
