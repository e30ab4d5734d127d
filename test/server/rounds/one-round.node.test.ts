import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MpcError, ProtocolError } from '../../../src/errors.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { signOperation } from '../../../src/server/operations/sign.ts'
import type { RoundOutput } from '../../../src/server/operations/round.ts'
import { findOperation } from '../../../src/server/rounds/operations-table.ts'
import type { Isolation, Queryable } from '../../../src/service/database/types.ts'
import { BadRequest, Unavailable } from '../../../src/service/http.ts'
import type { ClientOperation } from '../../support/server-client.ts'
import { nobleTakes } from '../support/ecdsa.ts'
import { ecdsaOwner } from '../support/ecdsa-owner.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { after, storedSet, tablesClient } from '../support/played.ts'
import { START, type Tables } from '../support/tables.ts'
import { complete, preprocessed, prove, sign } from '../support/wallets.ts'

let tables: Tables
fileTables((made) => (tables = made))
beforeEach(() => {
  tables.clock = START
})
afterEach(() => {
  vi.restoreAllMocks()
})

type Owner = Awaited<ReturnType<typeof ecdsaOwner>>

const kinds: readonly [string, (owner: Owner) => Promise<ClientOperation>][] = [
  ['a signature', async ({ client, wallet }) => sign(client, wallet.signing, 'bip340')],
  [
    'a signature with a preprocessing',
    async ({ client, wallet }) => complete(client, wallet, await preprocessed(client, wallet)),
  ],
]

/** The database, and the isolation of each transaction that it has seen. */
function counted() {
  const begun: (Isolation | undefined)[] = []
  const database: ServerContext['database'] = {
    ...tables.database,
    transaction: (work, isolation) => {
      begun.push(isolation)
      return tables.database.transaction(work, isolation)
    },
  }
  return { begun, database }
}

/** What the tables have of an operation. */
async function traces({ clientId }: Owner, { operationId }: ClientOperation) {
  const count = async (table: string) => {
    const sql = `select count(*)::int as n from reshare_${table} where client_id = $1 and operation_id = $2`
    return (await tables.row(sql, clientId, operationId))?.['n']
  }
  const [operations, decisions, responses] = [
    await count('operations'),
    await count('decisions'),
    await count('responses'),
  ]
  const charged = await tables.row(`select count from reshare_rates where client_id = $1 and kind = 'sign'`, clientId)
  return { operations, decisions, responses, charged: charged?.['count'] ?? 0 }
}
const NONE = { operations: 0, decisions: 0, responses: 0, charged: 0 }
const ALL = { operations: 1, decisions: 1, responses: 1, charged: 1 }

describe.each(kinds)('%s', (_, begin) => {
  test('begins, is decided, counted and answered in one transaction, and is answered again alike', async () => {
    const owner = await ecdsaOwner(tables)
    const operation = await begin(owner)
    const { begun, database } = counted()
    tables.clock += 1000
    const response = await operation.post(owner.having({ database }))
    expect(begun).toEqual(['read committed'])
    expect(await traces(owner, operation)).toEqual(ALL)
    const { operationId } = operation
    expect(await findOperation(tables.database, { clientId: owner.clientId, operationId })).toMatchObject({
      ...{ kind: 'sign', round: 1, request: null, state: null, leaseHash: null, leaseExpiresAt: null },
    })
    const used = await tables.row('select last_used_at from reshare_sets where set_id = $1', owner.set.setId)
    expect(used).toEqual({ last_used_at: new Date(tables.clock) })
    expect(await operation.post()).toEqual(response)
    expect(await traces(owner, operation)).toEqual(ALL)
    operation.take(response)
    expect(nobleTakes(operation, owner.wallet.signing)).toBe(true)
  })

  test.each<[string, Error]>([
    ['the database has gone', new Unavailable('gone')],
    ['it may be tried again', new MpcError('WEBHOOK_FAILED', 'down')],
  ])('has not happened where %s, and is tried once', async (_reason, error) => {
    const owner = await ecdsaOwner(tables)
    const operation = await begin(owner)
    const before = await tables.row('select count(*)::int as n from reshare_preprocessings')
    const { begun, database } = counted()
    const handle = vi.spyOn(signOperation, 'handle').mockRejectedValueOnce(error)
    await expect(operation.post(owner.having({ database }))).rejects.toBe(error)
    expect([begun.length, handle.mock.calls.length]).toEqual([1, 1])
    expect(await traces(owner, operation)).toEqual(NONE)
    expect(await tables.row('select count(*)::int as n from reshare_preprocessings')).toEqual(before)
    operation.take(await operation.post())
    expect(await traces(owner, operation)).toEqual(ALL)
  })

  test.each<[string, Error]>([
    ['for good', new MpcError('SET_RETIRED', 'over')],
    ['of a check', new ProtocolError('FORMAT', 1, [], 'a check')],
  ])('whose failure is final %s is played the longer way, which ends and counts it', async (_reason, error) => {
    const owner = await ecdsaOwner(tables)
    const operation = await begin(owner)
    vi.spyOn(signOperation, 'handle').mockRejectedValue(error)
    await expect(operation.post()).rejects.toBe(error)
    expect(await traces(owner, operation)).toEqual({ ...ALL, responses: 0 })
  })

  test.each<[string, Error]>([
    ['its form is refused', new BadRequest('not like this')],
    ['its names are refused', new MpcError('SET_MISMATCH', 'another set')],
  ])('is forgotten, by the longer way, where %s', async (_reason, error) => {
    const owner = await ecdsaOwner(tables)
    const operation = await begin(owner)
    const handle = vi.spyOn(signOperation, 'handle').mockRejectedValue(error)
    await expect(operation.post()).rejects.toBe(error)
    expect(handle.mock.calls.length).toBe(2)
    expect(await traces(owner, operation)).toMatchObject({ operations: 0, decisions: 0, responses: 0 })
  })

  test('that fails for a reason of the process is tried the longer way', async () => {
    const owner = await ecdsaOwner(tables)
    const operation = await begin(owner)
    vi.spyOn(signOperation, 'handle').mockRejectedValueOnce(new MpcError('OUT_OF_MEMORY', 'no memory'))
    operation.take(await operation.post())
    expect(nobleTakes(operation, owner.wallet.signing)).toBe(true)
  })

  test('of a set that is over is not answered, whenever it ends', async () => {
    const owner = await ecdsaOwner(tables)
    const operation = await begin(owner)
    const context = after(tables.context, 'left join reshare_decisions', () =>
      tables.database.query(`update reshare_sets set state = 'RETIRING' where set_id = $1`, [owner.set.setId]),
    )
    await expect(operation.post(owner.having(context))).rejects.toThrow(errorOf('SET_RETIRED'))
    expect(await traces(owner, operation)).toMatchObject({ responses: 0 })
  })
})

test('an output with more to write than a result is stored by the longer way, with all that it brings', async () => {
  const owner = await ecdsaOwner(tables)
  const { handle } = signOperation
  const brings = async (more: (output: RoundOutput) => RoundOutput) => {
    const operation = sign(owner.client, owner.wallet.signing, 'bip340')
    vi.spyOn(signOperation, 'handle').mockImplementation(async (...input) => more(await handle(...input)))
    operation.take(await operation.post())
    expect(operation.signature).toBeDefined()
  }
  const afterCommit = vi.fn(async () => undefined)
  await brings((output) => ({ ...output, completion: { ...output.completion!, afterCommit } }))
  expect(afterCommit).toHaveBeenCalledTimes(1)
  const writes = vi.fn(async () => undefined)
  await brings((output) => ({ ...output, writes }))
  expect(writes).toHaveBeenCalledTimes(1)
  const found = vi.fn(async () => ({ setId: owner.set.setId, state: 'ACTIVE' }) as const)
  await brings((output) => ({ ...output, completion: { decision: 'COMMIT', apply: found } }))
  expect(found).toHaveBeenCalledTimes(1)
})

test('an operation of several rounds takes the longer way from its first', async () => {
  const owner = await ecdsaOwner(tables)
  const { begun, database } = counted()
  await prove(owner.client, owner.set.signing).post(owner.having({ database }))
  expect(begun).toHaveLength(2)
})

test('of a device that is revoked while it is played is not answered', async () => {
  const key = tables.key({ device: 'ab'.repeat(32) })
  const set = await storedSet(tables, key)
  const device = [key.clientId, key.device]
  await tables.database.query('insert into reshare_devices values ($1, $2, now(), now(), null)', device)
  const revoke = ({ query }: Queryable) =>
    query('update reshare_devices set revoked_at = now() where client_id = $1 and device = $2', device)
  let left = 1
  const database: ServerContext['database'] = {
    ...tables.database,
    transaction: async (work, isolation) => {
      const isFirst = left-- > 0
      // As if the revocation was committed just before the last statement, which reads what is committed.
      const revoked = (tx: Queryable): Queryable => ({
        query: async (sql, parameters) => {
          if (isFirst && sql.includes('into reshare_responses')) await revoke(tx)
          return tx.query(sql, parameters)
        },
      })
      try {
        return await tables.database.transaction((tx) => work(revoked(tx)), isolation)
      } finally {
        if (isFirst) await revoke(tables.database)
      }
    },
  }
  const operation = sign(tablesClient({ ...tables.context, database }, key), set.signing, 'bip340')
  await expect(operation.post()).rejects.toThrow(errorOf('DEVICE_REVOKED'))
  const answered = 'select 1 from reshare_responses where client_id = $1'
  expect(await tables.row(answered, key.clientId)).toBeUndefined()
})
