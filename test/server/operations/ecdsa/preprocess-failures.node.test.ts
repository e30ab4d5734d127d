import { describe, expect, test } from 'vitest'
import { decodeRoundBody } from '../../../../src/wire/round-body.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import type { RandomSource } from '../../../../src/util/random.ts'
import { DEFAULT_LIMITS } from '../../../../src/server/context.ts'
import type { Database } from '../../../../src/service/database/types.ts'
import { chosenDatabases } from '../../../e2e/support/databases.ts'
import { codeOf, play, ClientOperation, type ServerClient } from '../../../support/server-client.ts'
import { nobleTakes } from '../../support/ecdsa.ts'
import { walletOfEachTest } from '../../support/file-world.ts'
import { complete, preprocess, preprocessed, setIdOf, signEcdsa, type TestWallet } from '../../support/wallets.ts'
import { type World } from '../../support/world.ts'

describe.each(chosenDatabases('server/ecdsa-preprocess'))('preprocessings on $name', ({ open }) => {
  let world: World
  let client: ServerClient
  let wallet: TestWallet
  walletOfEachTest((made) => ({ world, client, wallet } = made), open)

  const GONE = { code: 'PREPROCESSING_NOT_FOUND', retryable: false }

  const rows = (setId = setIdOf(wallet.signing)) =>
    world.database.query('select * from reshare_preprocessings where set_id = $1', [setId])

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

  // Made and used again, one and the same would open one nonce for two statements: the server's share.
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
          const { response } = { ...(result as { response?: Uint8Array } | undefined) }
          if (response === undefined) return result
          answers.push(toHex(response))
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
