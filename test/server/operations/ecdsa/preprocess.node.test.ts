import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../../src/wire/round-body.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { DEFAULT_LIMITS } from '../../../../src/server/context.ts'
import { chosenDatabases } from '../../../e2e/support/databases.ts'
import type { ClientOperation } from '../../../support/server-client.ts'
import { codeOf, setStatus, play, type HeldPreprocessing, type ServerClient } from '../../../support/server-client.ts'
import { nobleTakes } from '../../support/ecdsa.ts'
import { walletOfEachTest } from '../../support/file-world.ts'
import {
  complete,
  newBackup,
  newWallet,
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
})
