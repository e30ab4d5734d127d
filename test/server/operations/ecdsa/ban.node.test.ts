import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../../src/wire/round-body.ts'
import type { Isolation, Queryable } from '../../../../src/service/database/types.ts'
import { bumpEpoch } from '../../../../src/server/index.ts'
import { databaseKinds } from '../../../e2e/support/databases.ts'
import {
  codeOf,
  parseJson,
  play,
  serverClient,
  type ClientOperation,
  type ServerClient,
} from '../../../support/server-client.ts'
import { ABORTED, cheat, nobleTakes } from '../../support/ecdsa.ts'
import { walletOfEachTest } from '../../support/file-world.ts'
import {
  newBackup,
  complete,
  preprocess,
  preprocessed,
  recover,
  refresh,
  setIdOf,
  setup,
  sign,
  signEcdsa,
  walletOf,
  type TestWallet,
} from '../../support/wallets.ts'
import { type World } from '../../support/world.ts'

describe.each(databaseKinds)('the ban rule on $name', ({ name, open }) => {
  let world: World
  let client: ServerClient
  let wallet: TestWallet
  walletOfEachTest((made) => ({ world, client, wallet } = made), open)

  /** Plays an operation up to a request in which the client multiplies, and cheats in it. */
  async function cheatIn(operation: ClientOperation, rounds = 1, length?: number): Promise<ClientOperation> {
    for (let round = 0; round < rounds; round++) operation.take(await operation.post())
    cheat(operation, length === undefined ? undefined : [length])
    return operation
  }

  async function poisoned(setId: string): Promise<boolean> {
    const [row] = await world.database.query('select poisoned from reshare_ot_states where set_id = $1', [setId])
    return row?.['poisoned'] === true
  }

  const everyUse = () => [signEcdsa(client, wallet), preprocess(client, wallet), setup(client, wallet)]

  test('many signatures at once on one set take turns, and all succeed', async () => {
    const by = world.client([world.server(), world.server(), world.server()], client.clientId)
    const operations = [1, 2, 3, 4, 5].map((i) => signEcdsa(by, wallet, { path: `m/${i}` }))
    for (const operation of await Promise.all(operations.map(play))) {
      expect(nobleTakes(operation, wallet.signing)).toBe(true)
    }
  })

  test.runIf(name === 'PostgreSQL')('a check waits until whoever holds the setup is done', async () => {
    const operation = signEcdsa(client, wallet)
    operation.take(await operation.post())
    const held: { answer?: Promise<unknown>; over: boolean } = { over: false }
    await world.database.transaction(async (tx) => {
      await tx.query('select 1 from reshare_ot_states where set_id = $1 for update', [setIdOf(wallet.signing)])
      held.answer = operation.post().then((answer) => {
        held.over = true
        operation.take(answer)
      })
      const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
      while ((await world.database.query(waiting)).length === 0) expect(held.over).toBe(false)
    })
    await held.answer
    expect(nobleTakes(operation, wallet.signing)).toBe(true)
  })

  // Rows 2 and 19.
  test.each([
    ['signature', 0, 16_432],
    ['signature', 1, 73_792],
    ['preprocessing', 1, 16_400],
    ['preprocessing', 1, 73_792],
    ['completion', 0, 130],
  ] as const)(
    'a cheat in a %s after %i requests, in %i bytes, is answered as aborted only, and locks the set for ever',
    async (what, rounds, length) => {
      const begun = {
        signature: () => signEcdsa(client, wallet),
        preprocessing: () => preprocess(client, wallet),
        completion: async () => complete(client, wallet, await preprocessed(client, wallet)),
      }
      const operation = await cheatIn(await begun[what](), rounds, length)
      const answer = await operation.post()
      expect([answer.status, parseJson(answer.body)]).toEqual([422, ABORTED])
      expect(await poisoned(setIdOf(wallet.signing))).toBe(true)
      expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
      client = world.client([world.server()], client.clientId)
      for (const use of everyUse())
        await expect(play(use)).rejects.toMatchObject({ code: 'OT_POISONED', retryable: false })
      expect(await poisoned(setIdOf(wallet.signing))).toBe(true)
      await play(sign(client, wallet.signing))
      await play(sign(client, wallet.signing, 'bip340'))
    },
  )

  // Row 3.
  test('every other operation of the set is over, and its preprocessings are gone; other sets sign on', async () => {
    const other = walletOf(await play(recover(client, await newBackup(client, wallet))))
    const preprocessing = await preprocessed(client, wallet)
    const begun = [signEcdsa(client, wallet), signEcdsa(client, wallet, { path: 'm/1' }), preprocess(client, wallet)]
    const renewing = setup(client, wallet)
    for (const operation of [...begun, renewing]) operation.take(await operation.post())
    await (await cheatIn(signEcdsa(client, wallet))).post()
    for (const operation of [...begun, renewing]) {
      expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
      const [row] = await world.database.query('select state from reshare_operations where operation_id = $1', [
        operation.operationId,
      ])
      expect(row?.['state']).toBeNull()
    }
    expect(await poisoned(setIdOf(wallet.signing))).toBe(true)
    await expect(play(complete(client, wallet, preprocessing))).rejects.toMatchObject({
      code: 'PREPROCESSING_NOT_FOUND',
    })
    expect(nobleTakes(await play(signEcdsa(client, other)), other.signing)).toBe(true)
  })

  test('cheats sent at once in several sessions to several servers are judged once', async () => {
    const servers = [world.server(), world.server(), world.server()]
    const many = world.client(servers, client.clientId)
    const operations = [signEcdsa(many, wallet), signEcdsa(many, wallet), signEcdsa(many, wallet)]
    for (const operation of operations) await cheatIn(operation)
    const answers = await Promise.all(operations.map((operation) => operation.post()))
    const judged = answers.filter(
      ({ body }) => (parseJson(body) as typeof ABORTED).error.message === ABORTED.error.message,
    )
    expect(judged).toHaveLength(1)
    for (const answer of answers) expect(['PROTOCOL_ABORTED', 'OT_POISONED']).toContain(codeOf(answer))
  })

  test('the answer leaves only once the poison is durable, also if the first attempts to write it fail', async () => {
    let failures = 0
    const failing = {
      ...world.database,
      transaction: <T>(work: (tx: Queryable) => Promise<T>, isolation?: Isolation) =>
        world.database.transaction(
          (tx) =>
            work({
              query: async (sql, parameters) => {
                if (/poisoned = true/.test(sql) && failures++ < 2) throw new Error('the disk is full')
                return tx.query(sql, parameters)
              },
            }),
          isolation,
        ),
    }
    const server = world.server({ database: failing, onError: () => undefined })
    const victim = serverClient((request) => server.fetch(request), client.clientId, world.random)
    const operation = await cheatIn(signEcdsa(victim, wallet))
    expect((await operation.post()).status).toBe(500)
    // Nothing was told, and the same request is all that may be said in this round.
    const cheated = operation.body!
    operation.body = encodeRoundBody({ header: {}, messages: [] })
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    operation.body = cheated
    expect(parseJson((await operation.post()).body)).toEqual(ABORTED)
    expect(await poisoned(setIdOf(wallet.signing))).toBe(true)
  })

  test('a new set signs again, and a restored database asks for a new setup', async () => {
    await (await cheatIn(signEcdsa(client, wallet))).post()
    const fresh = walletOf(await play(refresh(client, wallet)))
    await play(signEcdsa(client, fresh))
    await bumpEpoch(world.database)
    await expect(play(signEcdsa(client, wallet))).rejects.toMatchObject({ reason: 'OT_DESYNC' })
    const { pair } = await play(setup(client, wallet))
    await play(signEcdsa(client, { ...wallet, pair: pair! }))
  })

  describe('a setup made for one signature', () => {
    const freshly = (by: ServerClient, path = 'm') =>
      signEcdsa(by, wallet, { path, source: { kind: 'ephemeralSetup' } })

    test('is refused unless the server allows it', async () => {
      await expect(play(freshly(client))).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    })

    test('signs in the place of a poisoned one, in four rounds, and a cheat in it poisons nothing', async () => {
      await (await cheatIn(signEcdsa(client, wallet))).post()
      const servers = [world.server({ onCheating: 'ephemeralSetup' }), world.server({ onCheating: 'ephemeralSetup' })]
      const by = world.client(servers, client.clientId)
      const signed = await play(freshly(by, 'm/44/0'))
      expect(signed.round).toBe(5)
      expect(nobleTakes(signed, wallet.signing)).toBe(true)
      const cheated = await cheatIn(freshly(by), 3)
      expect(parseJson((await cheated.post()).body)).toEqual(ABORTED)
      for (const { operationId } of [signed, cheated]) {
        const rows = await world.database.query('select state from reshare_operations where operation_id = $1', [
          operationId,
        ])
        expect(rows).toEqual([{ state: null }])
      }
      expect(nobleTakes(await play(freshly(by)), wallet.signing)).toBe(true)
      await expect(play(signEcdsa(by, wallet))).rejects.toMatchObject({ code: 'OT_POISONED' })
    })

    test('has two rounds for its setup, and no client takes more', async () => {
      const by = world.client([world.server({ onCheating: 'ephemeralSetup' })], client.clientId)
      const operation = freshly(by)
      operation.take(await operation.post())
      const { header, messages } = decodeRoundBody(operation.body as Uint8Array)
      expect(messages.length).toBe(2)
      operation.body = encodeRoundBody({ header: header as object, messages: messages.slice(0, 1) })
      expect(parseJson((await operation.post()).body)).toMatchObject({ error: { id: 'PROTOCOL_ABORTED' } })
    })

    test('leaves the setup of the set alone', async () => {
      const by = world.client([world.server({ onCheating: 'ephemeralSetup' })], client.clientId)
      await (await cheatIn(freshly(by), 3)).post()
      expect(await poisoned(setIdOf(wallet.signing))).toBe(false)
      await play(signEcdsa(client, wallet))
    })
  })
})
