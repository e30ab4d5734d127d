import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../../src/wire/round-body.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import type { RandomSource } from '../../../../src/util/random.ts'
import { DEFAULT_LIMITS } from '../../../../src/server/context.ts'
import type { Database } from '../../../../src/service/database/types.ts'
import { chosenDatabases } from '../../../e2e/support/databases.ts'
import {
  codeOf,
  setStatus,
  play,
  ClientOperation,
  type HeldPreprocessing,
  type ServerClient,
} from '../../../support/server-client.ts'
import { nobleTakes } from '../../support/ecdsa.ts'
import { walletOfEachTest } from '../../support/file-world.ts'
import {
  complete,
  newBackup,
  newWallet,
  preprocess,
  preprocessed,
  recover,
  refresh,
  setIdOf,
  setup,
  signEcdsa,
  walletOf,
  type TestWallet,
} from '../../support/wallets.ts'
import { type World } from '../../support/world.ts'

describe.each(chosenDatabases('server/ecdsa-preprocess'))('preprocessings on $name', ({ open }) => {
  let world: World
  let client: ServerClient
  let wallet: TestWallet
  walletOfEachTest((made) => ({ world, client, wallet } = made), open)

  const GONE = { code: 'PREPROCESSING_NOT_FOUND', retryable: false }

  const rows = (setId = setIdOf(wallet.signing)) =>
    world.database.query('select * from reshare_preprocessings where set_id = $1', [setId])

  /** The same request but for its header: what the client has opened is for the statement of another. */
  function otherStatement(of: ClientOperation, other: ClientOperation): ClientOperation {
    const { messages } = decodeRoundBody(of.body!)
    other.body = encodeRoundBody({ header: other.request, messages })
    return other
  }

  test.each(['m', 'm/0/7', 'm/44/60'])(
    'serve the key at %s, chosen after they were made, in one round of less than 500 bytes',
    async (path) => {
      const made = await preprocessed(client, wallet)
      const operation = complete(client, wallet, made, { path })
      const answer = await operation.post()
      expect(await operation.post()).toEqual(answer)
      const lengths = [operation.body!, answer.body].map((body) =>
        decodeRoundBody(body).messages.map(({ sessionIndex, envelope }) => [
          sessionIndex,
          decodeEnvelope(envelope).body.length,
        ]),
      )
      expect(lengths).toEqual([
        [
          [0, 97],
          [0, 130],
        ],
        [
          [0, 97],
          [0, 130],
          [0, 64],
        ],
      ])
      operation.take(answer)
      expect(operation.body).toBeUndefined()
      const { lastUsedAt } = await setStatus(client, setIdOf(wallet.signing))
      expect(lastUsedAt).toBe(new Date(world.now()).toISOString())
      expect(nobleTakes(operation, wallet.signing)).toBe(true)
    },
  )

  // Row 10.
  test('are used once: the second request gets nothing, whatever it signs, at whichever path', async () => {
    const made = await preprocessed(client, wallet)
    const [first, second, third, fourth] = [{}, {}, { message: '00' }, { path: 'm/1' }].map((change) =>
      complete(client, wallet, made, change),
    ) as [ClientOperation, ClientOperation, ClientOperation, ClientOperation]
    await play(first)
    for (const operation of [second, third, fourth]) {
      expect(codeOf(await operation.post())).toBe('PREPROCESSING_NOT_FOUND')
      // Nor later: the operation is over.
      expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    }
    await expect(play(complete(client, wallet, made))).rejects.toMatchObject(GONE)
  })

  test('used at the same time at several servers, one signs, and the others say that there is none', async () => {
    const by = world.client([world.server(), world.server(), world.server()], client.clientId)
    for (const change of [
      [{ message: '01' }, { message: '02' }, { message: '03' }],
      [{}, {}, {}],
    ]) {
      const made = await preprocessed(client, wallet)
      const attempts = change.map((one) => complete(by, wallet, made, one))
      const answers = await Promise.all(attempts.map((attempt) => attempt.post()))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404, 404])
      const at = answers.findIndex(({ status }) => status === 200)
      const losers = answers.filter((_, i) => i !== at)
      expect(losers.map(codeOf)).toEqual(['PREPROCESSING_NOT_FOUND', 'PREPROCESSING_NOT_FOUND'])
      attempts[at]!.take(answers[at]!)
      expect(nobleTakes(attempts[at]!, wallet.signing)).toBe(true)
    }
  })

  test('another digest in the same operation is refused, before and after it is signed', async () => {
    const made = await preprocessed(client, wallet)
    const operation = complete(client, wallet, made)
    const other = complete(client, wallet, made, { message: '00' })
    const answer = await operation.post()
    const own = operation.body
    operation.body = other.body
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    operation.body = own
    expect(await operation.post()).toEqual(answer)
  })

  test.each([
    ['digest', { message: '00' }],
    ['path', { path: 'm/5' }],
  ])(
    'opened for another %s than the request names, they sign nothing, nobody is blamed, and they are gone',
    async (_, change) => {
      const made = await preprocessed(client, wallet)
      const operation = otherStatement(complete(client, wallet, made), complete(client, wallet, made, change))
      expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
      await expect(play(complete(client, wallet, made))).rejects.toMatchObject(GONE)
      // No ban: the set signs on.
      expect(nobleTakes(await play(signEcdsa(client, wallet)), wallet.signing)).toBe(true)
    },
  )

  test('a wrong product in an opening is a ban, and takes all of the set with it', async () => {
    const [made, other] = [await preprocessed(client, wallet), await preprocessed(client, wallet)]
    const operation = complete(client, wallet, made)
    const { messages } = decodeRoundBody(operation.body!)
    const [shown, sent] = messages.map(({ sessionIndex, envelope }) => ({ sessionIndex, envelope: envelope.slice() }))
    // γ_k is the first of what is sent to the server alone.
    sent!.envelope[sent!.envelope.length - 130 + 31]! ^= 1
    operation.body = encodeRoundBody({ header: operation.request, messages: [shown!, sent!] })
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(await rows()).toEqual([])
    await expect(play(complete(client, wallet, other))).rejects.toMatchObject(GONE)
    expect(codeOf(await signEcdsa(client, wallet).post())).toBe('OT_POISONED')
  })

  test('are of one set and one client: another set or id finds none, and leaves it unused', async () => {
    const made = await preprocessed(client, wallet)
    const other = await newWallet(client)
    const elsewhere = otherStatement(signEcdsa(client, other), complete(client, wallet, made))
    elsewhere.body = encodeRoundBody({
      header: { ...elsewhere.request, walletId: other.walletId, setId: setIdOf(other.signing) },
      messages: decodeRoundBody(elsewhere.body!).messages,
    })
    expect(codeOf(await elsewhere.post())).toBe('PREPROCESSING_NOT_FOUND')
    const unknown = { ...made, id: '00'.repeat(32) } satisfies HeldPreprocessing
    await expect(play(complete(client, wallet, unknown))).rejects.toMatchObject(GONE)
    const stranger = world.client()
    expect(codeOf(await complete(stranger, wallet, made).post())).toBe('AUTH_FAILED')
    expect(nobleTakes(await play(complete(client, wallet, made)), wallet.signing)).toBe(true)
  })

  test('without the messages that they need they sign nothing, and are gone', async () => {
    for (const kept of [0, 1]) {
      const made = await preprocessed(client, wallet)
      const operation = complete(client, wallet, made)
      const { messages } = decodeRoundBody(operation.body!)
      operation.body = encodeRoundBody({ header: operation.request, messages: messages.slice(0, kept) })
      expect(codeOf(await operation.post())).toBe(kept === 0 ? 'BAD_REQUEST' : 'PROTOCOL_ABORTED')
      await expect(play(complete(client, wallet, made))).rejects.toMatchObject(GONE)
    }
  })

  test('of all the sets of a wallet are dropped when a recovery of it commits, and no others', async () => {
    const half = await newBackup(client, wallet)
    const made = await preprocessed(client, wallet)
    const bystander = await newWallet(client)
    await preprocessed(client, bystander)
    await play(recover(client, half, { dryRun: true }))
    expect(await rows()).toHaveLength(1)
    await play(recover(client, half))
    await expect(play(complete(client, wallet, made))).rejects.toMatchObject(GONE)
    expect([await rows(), await rows(setIdOf(bystander.signing))].map(({ length }) => length)).toEqual([0, 1])
  })

  test('of a set that was set up anew, or refreshed, serve neither', async () => {
    const made = await preprocessed(client, wallet)
    const [copy] = await rows()
    const renewed = { ...wallet, pair: (await play(setup(client, wallet))).pair! }
    await expect(play(complete(client, wallet, made))).rejects.toMatchObject(GONE)
    // Even put back they are of the setup before.
    await restore(copy!)
    const stale = complete(client, wallet, made)
    expect(codeOf(await stale.post())).toBe('PROTOCOL_ABORTED')
    const again = await preprocessed(client, renewed)
    const fresh = walletOf(await play(refresh(client, renewed)))
    const elsewhere = otherStatement(complete(client, renewed, again), signEcdsa(client, fresh))
    elsewhere.body = encodeRoundBody({
      header: { ...elsewhere.request, source: { kind: 'preprocessing', id: again.id } },
      messages: decodeRoundBody(elsewhere.body!).messages,
    })
    expect(codeOf(await elsewhere.post())).toBe('PREPROCESSING_NOT_FOUND')
  })

  test('expire, and are swept away', async () => {
    const made = await preprocessed(client, wallet)
    world.pass(DEFAULT_LIMITS.preprocessingMs)
    await expect(play(complete(client, wallet, made))).rejects.toMatchObject(GONE)
    await world.server().sweep()
    expect(await world.database.query('select 1 from reshare_preprocessings')).toEqual([])
  })

  test('above the limit the oldest goes', async () => {
    const by = world.client([world.server({ limits: { preprocessings: 2 } })], client.clientId)
    const made: HeldPreprocessing[] = []
    for (let i = 0; i < 3; i++) made.push(await preprocessed(by, wallet))
    const [oldest, ...kept] = made as [HeldPreprocessing, ...HeldPreprocessing[]]
    await expect(play(complete(client, wallet, oldest))).rejects.toMatchObject(GONE)
    for (const one of kept) await play(complete(client, wallet, one))
  })

  /** Puts a row back, as a restored copy of the database would. */
  function restore(copy: Record<string, unknown>, epoch = copy['epoch']) {
    const { set_id: setId, preprocessing_id: id, sealed, created_at: at, expires_at: until } = copy
    return world.database.query(
      `insert into reshare_preprocessings (set_id, preprocessing_id, sealed, epoch, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6)`,
      [setId, id, sealed, epoch, at, until] as never,
    )
  }

  test('of a copy of the database are not good for a second signature', async () => {
    const made = await preprocessed(client, wallet)
    const [copy] = await rows()
    await play(complete(client, wallet, made))
    const epoch = copy!['epoch'] as number
    await restore(copy!)
    await world.database.query(`update reshare_meta set number = number + 1 where name = 'epoch'`)
    await expect(play(complete(client, wallet, made, { message: '00' }))).rejects.toMatchObject(GONE)
    // Nor if the column is made to say that it belongs to this life.
    await world.database.query('delete from reshare_preprocessings')
    await restore(copy!, epoch + 1)
    const again = play(complete(client, wallet, made, { message: '00' }))
    await expect(again).rejects.toMatchObject({ reason: 'OT_DESYNC' })
  })

  /** A database of which the process ends where a statement says so. */
  function completion(at: RegExp, when: 'before' | 'after'): Database {
    const { database } = world
    const guard =
      (query: Database['query']): Database['query'] =>
      async (sql, parameters) => {
        if (!at.test(sql)) return query(sql, parameters)
        if (when === 'after') await query(sql, parameters)
        throw new Error('the process ends')
      }
    return {
      ...database,
      query: guard((sql, parameters) => database.query(sql, parameters)),
      transaction: (work, isolation) =>
        database.transaction((tx) => work({ query: guard((sql, parameters) => tx.query(sql, parameters)) }), isolation),
    }
  }

  // By the longer way, as what fails takes it, the preprocessing goes in a statement of its own.
  test.each([
    ['the deletion', /delete from reshare_preprocessings\s+where set_id = \$1 and preprocessing_id/, 'before', true],
    ['its commit', /delete from reshare_preprocessings\s+where set_id = \$1 and preprocessing_id/, 'after', false],
    ['the answer', /insert into reshare_responses/, 'before', false],
  ] as const)(
    'of a server that ends at %s: what was deleted is lost, and signs nothing',
    async (_, at, when, isKept) => {
      const made = await preprocessed(client, wallet)
      const dying = world.client([world.server({ database: completion(at, when) })], client.clientId)
      const operation = complete(dying, wallet, made)
      expect(codeOf(await operation.post())).toBe('INTERNAL')
      expect(await rows()).toHaveLength(isKept ? 1 : 0)
      world.pass(DEFAULT_LIMITS.roundMs)
      const again = await operation.post(client)
      expect(again.status === 200 ? 200 : codeOf(again)).toBe(isKept ? 200 : 'PREPROCESSING_NOT_FOUND')
      // What the client falls back to.
      expect(nobleTakes(await play(signEcdsa(client, wallet)), wallet.signing)).toBe(true)
    },
  )

  // Made and used again, one and the same would open one nonce for two statements: the server's half.
  test('are never made twice, by a server and a client whose sources repeat', async () => {
    const random: RandomSource = (length) => new Uint8Array(length).fill(0x42)
    const repeating = world.server({ random })
    const by: ServerClient = { ...world.client([repeating], client.clientId), random }
    const openings: string[] = []
    for (const [id, message] of [
      ['01', '0a'],
      ['02', '0b'],
    ] as const) {
      const operation = new ClientOperation(
        by,
        preprocess(by, wallet).request,
        wallet.signing,
        { pair: wallet.pair },
        id.repeat(16),
      )
      const made = (await play(operation)).preprocessing!
      const completion = complete(client, wallet, made, { message })
      const answer = await completion.post()
      openings.push(toHex(decodeEnvelope(decodeRoundBody(answer.body).messages[0]!.envelope).body.slice(32, 65)))
      completion.take(answer)
      expect(nobleTakes(completion, wallet.signing)).toBe(true)
    }
    expect(openings[0]).not.toBe(openings[1])
  })

  test('whose transaction is rolled back and runs again are answered by what it would have answered', async () => {
    const made = await preprocessed(client, wallet)
    const { database } = world
    const answers: string[] = []
    const conflicting: Database = {
      ...database,
      transaction: (work, isolation) =>
        database.transaction(async (tx) => {
          const result = await work(tx)
          const { answer } = { ...(result as { answer?: Uint8Array } | undefined) }
          if (answer === undefined) return result
          answers.push(toHex(answer))
          if (answers.length < 3) throw Object.assign(new Error('could not serialize access'), { code: '40001' })
          return result
        }, isolation),
    }
    const by = world.client([world.server({ database: conflicting })], client.clientId)
    const operation = complete(by, wallet, made)
    const answer = await operation.post()
    operation.take(answer)
    expect(nobleTakes(operation, wallet.signing)).toBe(true)
    expect(answers).toEqual(Array.from({ length: 3 }, () => toHex(answer.body)))
  })

  test('that are not finished leave nothing behind', async () => {
    const operation = preprocess(client, wallet)
    operation.take(await operation.post())
    expect(await rows()).toEqual([])
  })
})
