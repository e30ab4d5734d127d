import { beforeEach, describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { BadRequest } from '../../../src/service/http.ts'
import { MpcError, ProtocolError } from '../../../src/errors.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { abortOperation } from '../../../src/server/rounds/decisions.ts'
import { handleRound } from '../../../src/server/rounds/handle-round.ts'
import { findOperation } from '../../../src/server/rounds/operations-table.ts'
import { ClientOperation, play } from '../../support/server-client.ts'
import { errorOf } from '../support/error-of.ts'
import { after, storedSet, tablesClient, watchingSeals } from '../support/played.ts'
import { fileTables } from '../support/file-tables.ts'
import { recovering, START, type Tables } from '../support/tables.ts'
import { prove, sign } from '../support/wallets.ts'
import { findDecision } from '../../../src/server/operations/decision.ts'

let tables: Tables
fileTables((made) => (tables = made))
beforeEach(() => {
  tables.clock = START
})

const isWiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

/** A wallet in the tables and its client. */
async function owner(context = tables.context) {
  const { clientId, device } = tables.key()
  const set = await storedSet(tables, { clientId, device })
  const having = (changes: ServerContext) => tablesClient(changes, { clientId, device })
  return { clientId, set, having, client: having(context) }
}

/** An operation as the tables know it. */
function traces({ clientId, operationId }: { clientId: string; operationId: string }) {
  const key = { clientId, operationId }
  const count = async (what: string) => {
    const sql = `select count(*)::int as n from reshare_${what} where client_id = $1 and operation_id = $2`
    return (await tables.row(sql, clientId, operationId))?.['n']
  }
  return {
    operation: () => findOperation(tables.database, key),
    decision: () => findDecision(tables.database, key),
    answers: () => count('responses'),
  }
}

const counted = async (clientId: string) =>
  Object.fromEntries(
    (await tables.database.query('select kind, count from reshare_rates where client_id = $1', [clientId])).map(
      ({ kind, count }) => [kind, count],
    ),
  )

describe('a round', () => {
  test('is answered once, and the same request gets the same bytes', async () => {
    const { clientId, client, set } = await owner()
    const operation = prove(client, set.signing)
    const first = await operation.post()
    expect(await operation.post()).toEqual(first)
    operation.take(first)
    const { operationId } = operation
    expect((await traces({ clientId, operationId }).operation())?.request).toEqual(operation.request)
    const last = await operation.post()
    expect(await operation.post()).toEqual(last)
    operation.take(last)
    expect(operation.result).toEqual({ setId: set.setId, state: 'ACTIVE', retired: [] })
    expect(await traces({ clientId, operationId }).operation()).toMatchObject({ kind: 'prove', request: null })
    expect(decodeRoundBody(first.body).header).toEqual({})
    expect(await traces({ clientId, operationId }).answers()).toBe(2)
    expect(await traces({ clientId, operationId }).decision()).toBe('COMMIT')
    expect(await counted(clientId)).toMatchObject({ prove: 1 })
    expect(await tables.log(clientId)).toEqual([`proven ${set.walletId} ${set.setId}`])
  })

  test('that is not a round body is refused, and nothing has begun', async () => {
    const key = tables.key()
    await expect(handleRound(tables.context, key, { round: 1, body: Uint8Array.of(1) })).rejects.toThrow(BadRequest)
    const later = handleRound(tables.context, key, { round: 1, body: Uint8Array.of(9) })
    await expect(later).rejects.toMatchObject({ code: 'PROTOCOL_VERSION_UNSUPPORTED' })
    await expect(handleRound(tables.context, key, { round: 1, body: null as never })).rejects.toThrow(TypeError)
    expect(await traces(key).operation()).toBeUndefined()
  })

  test('does not begin an operation of which only the decision is left', async () => {
    const { clientId, client, set } = await owner()
    const operation = prove(client, set.signing)
    const key = { clientId, operationId: operation.operationId }
    await operation.post()
    await abortOperation(tables.context, key)
    await tables.database.query('delete from reshare_responses where client_id = $1', [clientId])
    await tables.database.query('delete from reshare_operations where client_id = $1', [clientId])
    await expect(operation.post()).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(await traces(key).operation()).toBeUndefined()
  })

  test('is in time until the operation expires', async () => {
    const { clientId, client, set } = await owner()
    const operations = [prove(client, set.signing), prove(client, set.signing)] as const
    for (const operation of operations) operation.take(await operation.post())
    tables.clock += tables.context.limits.operationMs - 1
    operations[0].take(await operations[0].post())
    tables.clock += 1
    await expect(operations[1].post()).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(await traces({ clientId, operationId: operations[1].operationId }).decision()).toBe('ABORT')
  })

  test('leaves its state sealed for the next one, and nothing of it in memory', async () => {
    const { context, seen } = watchingSeals(tables.context)
    const { clientId, client, set } = await owner(context)
    const operation = await play(prove(client, set.signing))
    const sessions = seen.filter(({ place }) => place.purpose !== 'response')
    const place = { purpose: 'session', clientId, row: `${operation.operationId}/2/1` }
    expect(sessions.map((one) => [one.call, one.place, isWiped(one.bytes)])).toEqual([
      ['seal', place, true],
      ['open', place, true],
    ])
    expect((await traces({ clientId, operationId: operation.operationId }).operation())?.state).toBeNull()
  })
})

describe('the first round of an operation', () => {
  /** A recovery whose server has no share to deal: it may be tried again. */
  async function failing(dryRun: boolean) {
    const { clientId, device } = tables.key()
    const set = await storedSet(tables, { clientId, device }, 'backup')
    const custodian = {
      ...tables.context.custodian!,
      fetch: () => Promise.reject(new MpcError('WEBHOOK_FAILED', 'the app is down')),
    }
    const request = recovering(set.setId, { walletId: set.walletId, dryRun })
    const client = tablesClient({ ...tables.context, custodian }, { clientId, device })
    return { clientId, set, operation: new ClientOperation(client, request, set.signing) }
  }

  test.each([
    [false, ''],
    [true, ' dryRun'],
  ])('is counted and told of once, however often it is tried (dry run %s)', async (dryRun, detail) => {
    const { clientId, set, operation } = await failing(dryRun)
    for (let i = 0; i < 2; i++) await expect(operation.post()).rejects.toThrow(errorOf('WEBHOOK_FAILED'))
    expect(tables.errors.splice(0)).toHaveLength(2)
    expect(await counted(clientId)).toEqual({ recover: 1 })
    const { walletId, setId } = set
    expect(await tables.log(clientId)).toEqual([
      `recoveryStarted ${walletId} ${setId} ${operation.operationId}${detail}`,
    ])
  })
})

describe('a round that fails', () => {
  /** Draws the random bytes of a challenge or a nonce, but not those of a claim. */
  const failingWith = (error: Error): ServerContext => ({
    ...tables.context,
    random: (length) => {
      if (length !== 16) throw error
      return tables.context.random(length)
    },
  })
  const blaming = () => new ProtocolError('POP', 1, [1], 'a check')

  test.each([
    ['by what the client has sent', blaming(), { failure: 1 }],
    ['by a check that blames nobody', new ProtocolError('FORMAT', 1, [], 'a check'), {}],
    ['by a check that may pass the next time', new ProtocolError('OT_DESYNC', 1, [1], 'a check'), {}],
    ['for good', new MpcError('SET_RETIRED', 'over'), {}],
  ])('%s ends the operation', async (_, error, failures) => {
    const { clientId, having, set } = await owner()
    const operation = prove(having(tables.context), set.signing)
    await expect(operation.post(having(failingWith(error)))).rejects.toBe(error)
    expect(await traces({ clientId, operationId: operation.operationId }).decision()).toBe('ABORT')
    expect(await counted(clientId)).toEqual({ prove: 1, ...failures })
  })

  test('in what needs no proof of possession counts no failure', async () => {
    const { clientId, having, set } = await owner()
    const operation = sign(having(tables.context), set.signing)
    await expect(operation.post(having(failingWith(blaming())))).rejects.toThrow(ProtocolError)
    expect(await traces({ clientId, operationId: operation.operationId }).decision()).toBe('ABORT')
    expect(await counted(clientId)).toEqual({ sign: 1 })
  })

  test.each([
    ['for now', new MpcError('WEBHOOK_FAILED', 'down')],
    ['for a reason of its own', new Error('a disk is full')],
  ])('%s is played again for the same request, and for no other', async (_, error) => {
    const { clientId, having, client, set } = await owner()
    const operation = prove(client, set.signing)
    await expect(operation.post(having(failingWith(error)))).rejects.toBe(error)
    expect(await traces({ clientId, operationId: operation.operationId }).decision()).toBeUndefined()
    const own = operation.body
    operation.body = encodeRoundBody({
      header: operation.request,
      messages: [{ sessionIndex: 9, envelope: new Uint8Array() }],
    })
    await expect(operation.post()).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    operation.body = own
    await play(operation)
  })

  test.each([
    ['its form', new BadRequest('not like this')],
    ['its names', new MpcError('SET_MISMATCH', 'another set')],
  ])('by %s, before any session has played it, is forgotten', async (_, error) => {
    const { clientId, having, client, set } = await owner()
    const operation = prove(client, set.signing)
    await expect(operation.post(having(failingWith(error)))).rejects.toBe(error)
    const { operationId } = operation
    expect(await traces({ clientId, operationId }).operation()).toBeUndefined()
    expect(await traces({ clientId, operationId }).decision()).toBeUndefined()
    await play(operation)
  })

  test('says why, though what follows from it fails as well', async () => {
    const { having, client, set } = await owner()
    const [error, second] = [new Error('first'), new Error('second')]
    const query = (sql: string, parameters = []) =>
      sql.includes('lease_expires_at = null') ? Promise.reject(second) : tables.database.query(sql, parameters)
    const context = { ...failingWith(error), database: { ...tables.database, query } }
    await expect(prove(client, set.signing).post(having(context))).rejects.toBe(error)
    expect(tables.errors.splice(0)).toEqual([second])
  })
})

describe('an abort', () => {
  const abort =
    (clientId: string, { operationId }: ClientOperation) =>
    () =>
      abortOperation(tables.context, { clientId, operationId })

  test('that comes before the round is claimed ends it: it is not played as a first one', async () => {
    const { clientId, having, client, set } = await owner()
    const operation = prove(client, set.signing)
    operation.take(await operation.post())
    const context = after(tables.context, 'left join reshare_decisions', abort(clientId, operation))
    await expect(operation.post(having(context))).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
  })

  test('that comes before a first round is claimed ends it: nothing is left to play', async () => {
    const { clientId, having, client, set } = await owner()
    const operation = prove(client, set.signing)
    const { operationId } = operation
    const { walletId, setId } = set
    await tables.begin({ clientId, operationId, device: null }, { kind: 'prove', walletId, setId }, operation.body)
    const context = after(tables.context, 'left join reshare_decisions', abort(clientId, operation))
    await expect(operation.post(having(context))).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(context.isDone()).toBe(true)
    expect(await traces({ clientId, operationId }).operation()).toMatchObject({ kind: 'prove', request: null })
  })

  test('that comes while a round is played leaves no answer', async () => {
    const { clientId, having, client, set } = await owner()
    const operation = prove(client, set.signing)
    let transactions = 0
    const database: Database = {
      ...tables.database,
      transaction: async (work, isolation) => {
        // The first starts the operation, the second stores its response.
        if (++transactions === 2) await abort(clientId, operation)()
        return tables.database.transaction(work, isolation)
      },
    }
    await expect(operation.post(having({ ...tables.context, database }))).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(transactions).toBeGreaterThan(1)
    const { operationId } = operation
    expect(await traces({ clientId, operationId }).answers()).toBe(0)
    expect((await traces({ clientId, operationId }).operation())?.state).toBeNull()
  })
})
