import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import type { Decision } from '../../../src/wire/operations.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { bumpEpoch } from '../../../src/server/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { databaseKinds, isChosen } from '../../e2e/support/databases.ts'
import type { ClientOperation } from '../../support/server-client.ts'
import { abortOperation, codeOf, play, setStatus, type Answer, type ServerClient } from '../../support/server-client.ts'
import { fileWorld } from '../support/file-world.ts'
import { operationTraces } from '../support/operation-traces.ts'
import { backup, generate, newBackup, newWallet, prove, recover, refresh, setIdOf, sign } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

describe.each(databaseKinds)('rounds on $name', ({ name, open }) => {
  let world: World
  fileWorld((made) => (world = made), open)

  const traces = (client: ServerClient, operationId: string) => operationTraces(world, client, operationId)

  test('the same request gets the same bytes, from any server, in every round of every kind', async () => {
    const client = world.client([world.server(), world.server()])
    const playTwice = async (operation: ClientOperation): Promise<ClientOperation> => {
      while (operation.body !== undefined) {
        const first = await operation.post()
        expect(await operation.post()).toEqual(first)
        operation.take(first)
      }
      return operation
    }
    const operation = await playTwice(generate(client))
    const wallet = { walletId: operation.request.walletId, signing: operation.prepared[0]! }
    const half = (await playTwice(backup(client, wallet))).prepared[0]!
    const laptop = (await playTwice(recover(client, half, { rotateBackup: 'PASSWORD' }))).prepared[0]!
    await playTwice(prove(client, laptop))
    await playTwice(sign(client, laptop))
    expect(world.custodian.halves.get(client.clientId)).toHaveLength(2)
  })

  test('requests at the same time: one is played, all get its answer', async () => {
    const client = world.client([world.server(), world.server(), world.server()])
    const operation = generate(client)
    while (operation.body !== undefined) {
      const answers = await Promise.all([operation.post(), operation.post(), operation.post()])
      for (const answer of answers) {
        if (answer.status !== 200) expect(codeOf(answer)).toBe('OPERATION_IN_PROGRESS')
      }
      const played = answers.filter(({ status }) => status === 200)
      expect(new Set(played.map(({ body }) => toHex(body))).size).toBe(1)
      operation.take(played[0]!)
    }
    expect(await traces(client, operation.operationId)).toEqual({ operations: 1, responses: 2, decisions: 1, sets: 1 })
  })

  test('abort and commit at the same time: one of them, never both', async () => {
    const client = world.client([world.server(), world.server()])
    const half = await newBackup(client, await newWallet(client))
    const outcomes = new Set<string>()
    for (let i = 0; i < 6; i++) {
      const operation = recover(client, half)
      operation.take(await operation.post())
      operation.take(await operation.post())
      // The order in which the two start is all that differs; the database settles the rest.
      const pending: { abort?: Promise<Decision>; last?: Promise<Answer> } = {}
      for (const first of i % 2 === 0 ? (['abort', 'last'] as const) : (['last', 'abort'] as const)) {
        if (first === 'abort') pending.abort = abortOperation(client, operation.operationId)
        else pending.last = operation.post()
      }
      const [{ decision }, answer] = await Promise.all([pending.abort!, pending.last!])
      const { state } = await setStatus(client, setIdOf(operation.prepared[0]!))
      outcomes.add(decision)
      expect((await traces(client, operation.operationId))['decisions']).toBe(1)
      if (decision === 'COMMIT') {
        expect([answer.status, state]).toEqual([200, 'ACTIVE'])
      } else {
        expect([codeOf(answer), state]).toEqual(['PROTOCOL_ABORTED', 'ABORTED'])
        await expect(play(sign(client, operation.prepared[0]!))).rejects.toMatchObject({ code: 'SET_RETIRED' })
      }
    }
    expect([...outcomes].every((decision) => decision === 'COMMIT' || decision === 'ABORT')).toBe(true)
  })

  test('an abort that comes just before the round is claimed ends it', async () => {
    const client = world.client()
    const operation = refresh(client, await newWallet(client))
    operation.take(await operation.post())
    operation.take(await operation.post())
    let aborted = false
    const query: World['database']['query'] = async (sql, parameters) => {
      const rows = await world.database.query(sql, parameters)
      if (!aborted && sql.includes('left join reshare_decisions')) {
        aborted = true
        await abortOperation(client, operation.operationId)
      }
      return rows
    }
    const server = world.server({ database: { ...world.database, query } })
    expect(codeOf(await operation.post(world.client([server], client.clientId)))).toBe('PROTOCOL_ABORTED')
    expect(aborted).toBe(true)
  })

  test('a sweep aborts what has expired and forgets old answers, but no decision about a set', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const finished = await play(backup(client, wallet))
    const abandoned = recover(client, finished.prepared[0]!)
    abandoned.take(await abandoned.post())
    abandoned.take(await abandoned.post())
    const signed = await play(sign(client, wallet.signing))
    world.pass(10 * 60_000)
    await world.server().sweep()
    expect((await setStatus(client, setIdOf(abandoned.prepared[0]!))).state).toBe('ABORTED')
    world.pass(60 * 60_000)
    await world.server().sweep()
    const forgotten = { operations: 0, responses: 0, decisions: 1, sets: 1 }
    expect(await traces(client, finished.operationId)).toEqual(forgotten)
    expect(await traces(client, abandoned.operationId)).toEqual(forgotten)
    expect(await traces(client, signed.operationId)).toEqual({ ...forgotten, decisions: 0, sets: 0 })
    expect(await abortOperation(client, finished.operationId)).toEqual({ decision: 'COMMIT' })
    expect(codeOf(await abandoned.post())).toBe('PROTOCOL_ABORTED')
  })

  if (!isChosen(name, 'server/rounds')) return

  test('a cheat ends the operation and leaves nothing behind', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const operation = backup(client, wallet)
    operation.take(await operation.post())
    const { messages } = decodeRoundBody(operation.body!)
    // The last message to the server alone is its part of the new share.
    const part = messages.at(-1)!.envelope
    part[part.length - 16]! ^= 1
    operation.body = encodeRoundBody({ header: {}, messages })
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(await traces(client, operation.operationId)).toMatchObject({ decisions: 1, sets: 0 })
    expect(world.custodian.halves.has(client.clientId)).toBe(false)
    await play(backup(client, wallet))
  })

  test.each([{ existingSets: 'retire' }, { dryRun: true }, { rotateBackup: 'PASSKEY' }] as const)(
    'a recovery whose header says %j on its way only is not played',
    async (change) => {
      const client = world.client()
      const wallet = await newWallet(client)
      const half = await newBackup(client, wallet)
      const operation = recover(client, half)
      const { header, messages } = decodeRoundBody(operation.body!)
      const doubled =
        'rotateBackup' in change
          ? messages.map((message) => ({ ...message, sessionIndex: message.sessionIndex + 2 }))
          : []
      const own = operation.body
      operation.body = encodeRoundBody({
        header: { ...(header as object), ...change },
        messages: [...messages, ...doubled],
      })
      expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
      operation.body = own
      await play(operation)
    },
  )

  test('sealed sessions open for their own round and epoch only', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const operation = refresh(client, wallet)
    operation.take(await operation.post())
    const key = [client.clientId, operation.operationId]
    const [early] = await world.database.query(
      'select state from reshare_operations where client_id = $1 and operation_id = $2',
      key,
    )
    operation.take(await operation.post())
    await world.database.query('update reshare_operations set state = $3 where client_id = $1 and operation_id = $2', [
      ...key,
      early!['state']!,
    ])
    expect(codeOf(await operation.post())).toBe('SHARE_PARSING_FAILED')

    const restored = refresh(client, wallet)
    restored.take(await restored.post())
    const epoch = await bumpEpoch(world.database)
    await world.database.query('update reshare_operations set epoch = $1', [epoch])
    expect(codeOf(await restored.post())).toBe('SHARE_PARSING_FAILED')
  })

  /** Leaves a message of the second curve out of the second request. */
  function withhold(operation: ClientOperation): Parcels {
    const { messages } = decodeRoundBody(operation.body!)
    const held = messages.filter(
      ({ sessionIndex, envelope }) => sessionIndex === 1 && decodeEnvelope(envelope).round === 3,
    )
    expect(held).toHaveLength(1)
    operation.body = encodeRoundBody({ header: {}, messages: messages.filter((message) => !held.includes(message)) })
    return held
  }

  test('a setup that ends before its set is prepared ends the operation', async () => {
    const client = world.client()
    const operation = refresh(client, await newWallet(client))
    operation.take(await operation.post())
    withhold(operation)
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(await traces(client, operation.operationId)).toMatchObject({ sets: 0 })
  })

  test('a new set is committed only if it was prepared', async () => {
    const client = world.client()
    const operation = backup(client, await newWallet(client))
    operation.take(await operation.post())
    const held = withhold(operation)
    operation.take(await operation.post())
    const last = decodeRoundBody(operation.body!)
    operation.body = encodeRoundBody({ header: {}, messages: [...last.messages, ...held] })
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(await traces(client, operation.operationId)).toMatchObject({ sets: 0 })
  })
})

type Parcels = ReturnType<typeof decodeRoundBody>['messages']
