import { afterEach, describe, expect, test, vi } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../../src/wire/round-body.ts'
import type { SignEcdsaRequest } from '../../../../src/wire/operations.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import type { Database } from '../../../../src/service/database/types.ts'
import { type ClientOperation, play } from '../../../support/server-client.ts'
import { cheat } from '../../support/ecdsa.ts'
import { ecdsaOwner } from '../../support/ecdsa-owner.ts'
import { fileTables } from '../../support/file-tables.ts'
import { type Tables } from '../../support/tables.ts'
import { complete, preprocess, preprocessed, setup, signEcdsa } from '../../support/wallets.ts'

let tables: Tables
fileTables((made) => (tables = made))
afterEach(() => {
  vi.restoreAllMocks()
})
/** The length of the message in which a client opens its part of a preprocessing. */
const OPENING = 130
const FRESH: Partial<SignEcdsaRequest> = { source: { kind: 'ephemeralSetup' } }

const owner = () => ecdsaOwner(tables)

const decision = async ({ operationId }: ClientOperation) =>
  (await tables.row('select decision from reshare_decisions where operation_id = $1', operationId))?.['decision']
const poisoned = async (setId: string) =>
  (await tables.row('select poisoned, ban_logged from reshare_ot_states where set_id = $1', setId)) ?? {}
const preprocessings = async (setId: string) =>
  (await tables.database.query('select 1 from reshare_preprocessings where set_id = $1', [setId])).length

/** Has played what comes before the cheat, which is the next request. */
async function cheating(operation: ClientOperation): Promise<ClientOperation> {
  while (true) {
    operation.take(await operation.post())
    try {
      cheat(operation)
      return operation
    } catch {
      // Not the request that carries the extension.
    }
  }
}

describe('a cheat', () => {
  const banned = { poisoned: true, ban_logged: true }
  const log = (setId: string, walletId: string) => [`poisoned ${walletId} ${setId} 1`]

  test('in a fresh setup ends its operation, and no other', async () => {
    const { client, wallet } = await owner()
    const operation = await cheating(signEcdsa(client, wallet, FRESH))
    await expect(operation.post()).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED', blame: [1] })
    expect(await decision(operation)).toBe('ABORT')
    expect(await poisoned(wallet.setId)).toMatchObject({ poisoned: false })
    await play(signEcdsa(client, wallet))
  })

  test.each(['preprocess', 'sign'] as const)(
    'in %s is a ban, which ends what goes on with the set alone',
    async (kind) => {
      const { clientId, client, wallet } = await owner()
      const another = await owner()
      await play(preprocess(client, wallet))
      await play(preprocess(another.client, another.wallet))
      const ended = await play(signEcdsa(client, wallet))
      const open = setup(client, wallet)
      const foreign = setup(another.client, another.wallet)
      for (const one of [open, foreign]) one.take(await one.post())
      const operation = await cheating(kind === 'sign' ? signEcdsa(client, wallet) : preprocess(client, wallet))
      await expect(operation.post()).rejects.toMatchObject({ ban: true, blame: [1] })
      const decisions = [operation, open, ended, foreign].map(decision)
      expect(await Promise.all(decisions)).toEqual(['ABORT', 'ABORT', 'COMMIT', undefined])
      expect(await poisoned(wallet.setId)).toEqual(banned)
      expect(await poisoned(another.wallet.setId)).toEqual({ poisoned: false, ban_logged: false })
      expect([await preprocessings(wallet.setId), await preprocessings(another.wallet.setId)]).toEqual([0, 1])
      expect(await tables.log(clientId)).toEqual(log(wallet.setId, wallet.walletId))
      expect(tables.context.caught.size).toBe(0)
    },
  )

  /** A database of which transactions fail after their work, as often as told to. */
  function losing(times: number): { readonly database: Database; readonly lost: Error } {
    const lost = new Error('the connection was lost')
    let left = times
    const database: Database = {
      ...tables.database,
      transaction: (work, isolation) =>
        tables.database.transaction(async (tx) => {
          const result = await work(tx)
          if (tables.context.caught.size > 0 && left-- > 0) throw lost
          return result
        }, isolation),
    }
    return { database, lost }
  }

  test('whose transaction is lost is a ban all the same, written by itself', async () => {
    const { clientId, client, having, wallet } = await owner()
    const operation = await cheating(signEcdsa(client, wallet))
    const { database, lost } = losing(1)
    await expect(operation.post(having({ database }))).rejects.toMatchObject({ ban: true })
    expect(tables.errors.splice(0)).toEqual([lost])
    expect(await poisoned(wallet.setId)).toEqual(banned)
    expect(await tables.log(clientId)).toEqual(log(wallet.setId, wallet.walletId))
    expect(tables.context.caught.size).toBe(0)
  })

  test.each([0, 1])('in a signature of one round is a ban, though %i transactions with it are lost', async (times) => {
    const { clientId, client, having, wallet } = await owner()
    const [made, left] = [await preprocessed(client, wallet), await preprocessed(client, wallet)]
    const other = signEcdsa(client, wallet)
    await other.post()
    const operation = complete(client, wallet, made)
    cheat(operation, [OPENING])
    const { database, lost } = losing(times)
    await expect(operation.post(having({ database }))).rejects.toMatchObject({ ban: true, blame: [1] })
    expect(tables.errors.splice(0)).toEqual(times === 0 ? [] : [lost])
    expect(await poisoned(wallet.setId)).toEqual(banned)
    expect(await tables.log(clientId)).toEqual(log(wallet.setId, wallet.walletId))
    expect(tables.context.caught.size).toBe(0)
    expect([await preprocessings(wallet.setId), await decision(operation), await decision(other)]).toEqual([
      ...[0, 'ABORT', 'ABORT'],
    ])
    await expect(operation.post()).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED' })
    await expect(complete(client, wallet, left).post()).rejects.toMatchObject({ code: 'PREPROCESSING_NOT_FOUND' })
  })

  test('that cannot be written is known to this process until it is', async () => {
    const { client, having, wallet } = await owner()
    const operation = await cheating(signEcdsa(client, wallet))
    const [other, third] = [signEcdsa(client, wallet), preprocess(client, wallet)]
    const { database, lost } = losing(2)
    await expect(operation.post(having({ database }))).rejects.toBe(lost)
    expect(tables.errors.splice(0)).toEqual([lost])
    expect(await poisoned(wallet.setId)).toMatchObject({ poisoned: false })
    expect([...tables.context.caught.keys()]).toEqual([wallet.setId])
    const stranger = await owner()
    await play(signEcdsa(stranger.client, stranger.wallet))
    await expect(other.post()).rejects.toMatchObject({ ban: true })
    expect(await poisoned(wallet.setId)).toEqual(banned)
    expect(tables.context.caught.size).toBe(0)
    await expect(third.post()).rejects.toMatchObject({ code: 'OT_POISONED' })
  })

  test('is a ban whatever fails after it, which a sweep makes up for', async () => {
    const { clientId, client, having, wallet } = await owner()
    await play(preprocess(client, wallet))
    const operation = await cheating(signEcdsa(client, wallet))
    const failure = new Error('no database')
    const database: Database = {
      ...tables.database,
      query: (sql, parameters) =>
        sql.includes('delete from reshare_preprocessings')
          ? Promise.reject(failure)
          : tables.database.query(sql, parameters),
      transaction: (work, isolation) =>
        tables.database.transaction(
          (tx) =>
            work({
              query: (sql, parameters) =>
                sql.includes('set ban_logged') ? Promise.reject(failure) : tx.query(sql, parameters),
            }),
          isolation,
        ),
    }
    await expect(operation.post(having({ database }))).rejects.toMatchObject({ ban: true })
    expect(tables.errors.splice(0)).toEqual([failure, failure])
    expect(await poisoned(wallet.setId)).toEqual({ poisoned: true, ban_logged: false })
    expect(await tables.log(clientId)).toEqual([])
  })

  test('is what nothing else is taken for: another failure is told of as it is', async () => {
    const { client, having, wallet } = await owner()
    const operation = signEcdsa(client, wallet)
    const failure = new Error('no database')
    const database: Database = {
      ...tables.database,
      transaction: (work, isolation) =>
        tables.database.transaction(
          (tx) =>
            work({
              query: (sql, parameters) =>
                sql.includes('insert into reshare_responses') ? Promise.reject(failure) : tx.query(sql, parameters),
            }),
          isolation,
        ),
    }
    await expect(operation.post(having({ database }))).rejects.toBe(failure)
    const { header, messages } = decodeRoundBody(operation.body!)
    const spoiled = messages.map(({ sessionIndex, envelope }) => {
      const { body, ...rest } = decodeEnvelope(envelope)
      return { sessionIndex, envelope: encodeEnvelope({ ...rest, body: body.slice(0, -1) }) }
    })
    operation.body = encodeRoundBody({ header: header as object, messages: spoiled })
    const other = signEcdsa(client, wallet)
    other.body = operation.body
    await expect(other.post()).rejects.toMatchObject({ reason: 'FORMAT', ban: false })
    expect(await poisoned(wallet.setId)).toMatchObject({ poisoned: false })
    await play(signEcdsa(client, wallet))
  })
})
