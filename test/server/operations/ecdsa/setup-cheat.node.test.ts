import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../../src/wire/round-body.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { bumpEpoch } from '../../../../src/server/index.ts'
import type { Database, Queryable, Row, SqlValue } from '../../../../src/service/database/types.ts'
import { databaseKinds } from '../../../e2e/support/databases.ts'
import { codeOf, play, type Answer, type ClientOperation, type ServerClient } from '../../../support/server-client.ts'
import { flip } from '../../../support/simulator.ts'
import { ABORTED } from '../../support/ecdsa.ts'
import { walletOfEachTest } from '../../support/file-world.ts'
import { generate, refresh, setup, signEcdsa, type TestWallet } from '../../support/wallets.ts'
import { type World } from '../../support/world.ts'

/** Behind two seeds and z: a byte of u in column 0, one of the 128 that a lie can be in. */
const FIRST_U = 64 + 33

/** The request with an answer to the server's offers, spoiled at a byte of it; its other messages are as they were. */
function spoiled(operation: ClientOperation, at = FIRST_U): Uint8Array {
  const { header, messages } = decodeRoundBody(operation.body!)
  let answers = 0
  const changed = messages.map(({ sessionIndex, envelope }) => {
    const { body, ...rest } = decodeEnvelope(envelope)
    if (rest.protocol !== 'ecdsa-setup' || rest.round !== 3) return { sessionIndex, envelope }
    answers += 1
    return { sessionIndex, envelope: encodeEnvelope({ ...rest, body: flip(body, at) }) }
  })
  if (answers !== 1) throw new Error('this request answers no offers')
  return encodeRoundBody({ header: header as object, messages: changed })
}

/** A database that takes no decision while it fails. */
function failingDecisions(database: Database, failing: { readonly now: boolean }): Database {
  const guard = <T extends Queryable>(db: T): Queryable => ({
    query(sql, params) {
      if (failing.now && sql.includes('into reshare_decisions')) throw new Error('the database is full')
      return db.query(sql, params)
    },
  })
  return {
    ...database,
    query: (sql, params) => guard(database).query(sql, params),
    transaction: (run, isolation) => database.transaction((tx) => run(guard(tx)), isolation),
    close: () => database.close(),
  }
}

/** Puts an operation back as it was, as a copy of the database brings it. */
async function restore(database: Database, { client_id, operation_id, request, round, state }: Row): Promise<void> {
  const key = [client_id, operation_id] as SqlValue[]
  await database.query('delete from reshare_decisions where client_id = $1 and operation_id = $2', key)
  await database.query(
    `update reshare_operations set request = $3, round = $4, state = $5, lease_token = null, lease_hash = null,
       lease_expires_at = null where client_id = $1 and operation_id = $2`,
    [...key, request, round, state] as SqlValue[],
  )
}

// Each verdict on an answer tells its sender bits of Δ: the server's offers judge one answer, by whatever door it comes.
describe.each(databaseKinds)('offers of base OTs on $name', ({ open }) => {
  let world: World
  let client: ServerClient
  let wallet: TestWallet
  walletOfEachTest((made) => ({ world, client, wallet } = made), open)

  const operations: [string, () => ClientOperation][] = [
    ['generate', () => generate(client)],
    ['refresh', () => refresh(client, wallet)],
    ['setup', () => setup(client, wallet)],
  ]

  async function begun(make: () => ClientOperation): Promise<{ operation: ClientOperation; honest: Uint8Array }> {
    const operation = make()
    operation.take(await operation.post())
    return { operation, honest: operation.body! }
  }

  /** Sends another body as the operation's next request. */
  async function send(operation: ClientOperation, body: Uint8Array): Promise<Answer> {
    operation.body = body
    return operation.post()
  }

  test.each(operations)('a lie ends %s, and says nothing else', async (_, make) => {
    const { operation, honest } = await begun(make)
    const answer = await send(operation, spoiled(operation))
    expect(JSON.parse(new TextDecoder().decode(answer.body))).toEqual(ABORTED)
    expect(codeOf(await send(operation, honest))).toBe('PROTOCOL_ABORTED')
    expect(codeOf(await send(operation, spoiled(operation, FIRST_U + 32)))).toBe('PROTOCOL_ABORTED')
    await play(signEcdsa(client, wallet))
  })

  test('a second answer is refused while the first is judged, whichever server it comes to', async () => {
    const { operation, honest } = await begun(() => setup(client, wallet))
    const lies = [0, 1, 2, 3].map((column) => spoiled(operation, FIRST_U + 32 * column))
    const answers = await Promise.all(lies.map((lie) => send(operation, lie)))
    expect(new Set(answers.map(codeOf))).toEqual(new Set(['PROTOCOL_ABORTED']))
    const verdicts = answers.filter(({ body }) => new TextDecoder().decode(body).includes('a check of the protocol'))
    expect(verdicts.length).toBeLessThanOrEqual(1)
    expect(codeOf(await send(operation, honest))).toBe('PROTOCOL_ABORTED')
  })

  test('a second answer is refused where the abort could not be written', async () => {
    const failing = { now: false }
    const { operation, honest } = await begun(() => setup(client, wallet))
    const failingServer = world.server({ database: failingDecisions(world.database, failing) })
    failing.now = true
    operation.body = spoiled(operation)
    expect(codeOf(await operation.post(world.client([failingServer], client.clientId)))).toBe('PROTOCOL_ABORTED')
    failing.now = false
    expect(codeOf(await send(operation, honest))).toBe('PROTOCOL_ABORTED')
  })

  test('a restored database judges none of an operation that was begun before', async () => {
    const { operation, honest } = await begun(() => setup(client, wallet))
    const kept = await world.database.query('select * from reshare_operations where operation_id = $1', [
      operation.operationId,
    ])
    expect(codeOf(await send(operation, spoiled(operation)))).toBe('PROTOCOL_ABORTED')
    await restore(world.database, kept[0]!)
    await bumpEpoch(world.database)
    expect(codeOf(await send(operation, honest))).toBe('PROTOCOL_ABORTED')
  })
})
