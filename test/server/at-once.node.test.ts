import { describe, expect, test } from 'vitest'
import { Unavailable } from '../../src/service/http.ts'
import { paths } from '../../src/wire/paths.ts'
import type { Database } from '../../src/service/database/types.ts'
import type { ServerOptions } from '../../src/server/index.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { codeOf, unwrap, type ServerClient } from '../support/server-client.ts'
import { deviceServer, newDevice, plantSet } from './support/devices.ts'
import { fileWorld } from './support/file-world.ts'
import { complete, newWallet, preprocessed, setIdOf, sign, type TestWallet } from './support/wallets.ts'
import { type World } from './support/world.ts'

// Operations of one round begin, are played and stored in one transaction.

const kinds = ['sign', 'complete'] as const

describe.each(databaseKinds)('an operation of one round on $name', ({ name, open }) => {
  let world: World
  let client: ServerClient
  let wallet: TestWallet
  fileWorld(async (made) => {
    world = made
    client = world.client()
    wallet = await newWallet(client)
  }, open)

  const begin = async (kind: (typeof kinds)[number], of = wallet, by = client) =>
    kind === 'sign' ? sign(by, of.signing) : complete(by, of, await preprocessed(by, of))

  const by = (options: Partial<ServerOptions>, clientId = client.clientId) =>
    world.client([world.server({ limits: {}, ...options })], clientId)

  /** What the database has of an operation, and what was counted for its kind. */
  async function traces(operationId: string) {
    const key = [client.clientId, operationId]
    const of = async (table: string) =>
      (await world.database.query(`select 1 from ${table} where client_id = $1 and operation_id = $2`, key)).length
    const [counted] = await world.database.query(
      `select coalesce(sum(count), 0)::int as count from reshare_rates where client_id = $1 and kind = 'sign'`,
      [client.clientId],
    )
    return [
      ...[await of('reshare_operations'), await of('reshare_decisions'), await of('reshare_responses')],
      counted?.['count'],
    ]
  }

  /** The database, with `before` called before each statement of a transaction. */
  function watched(before: (sql: string) => unknown): Database {
    const { database } = world
    return {
      ...database,
      transaction: (work, isolation) =>
        database.transaction(
          (tx) =>
            work({
              async query(sql, parameters) {
                await before(sql)
                return tx.query(sql, parameters)
              },
            }),
          isolation,
        ),
    }
  }

  test.each(kinds)('(%s) that reaches several servers at once has one answer, and counts once', async (kind) => {
    await world.database.query('delete from reshare_rates')
    const operation = await begin(kind)
    const servers = [by({}), by({}), by({}), by({})]
    const answers = await Promise.all(servers.map((one) => operation.post(one)))
    const stored = unwrap(await operation.post())
    for (const answer of answers) {
      if (answer.status === 200) expect(answer.body).toEqual(stored)
      else expect(codeOf(answer)).toBe('OPERATION_IN_PROGRESS')
    }
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    expect(await traces(operation.operationId)).toEqual([1, 1, 1, 1])
  })

  test.each(kinds)('(%s) of which the last statement fails has not happened, and happens later', async (kind) => {
    await world.database.query('delete from reshare_rates')
    const operation = await begin(kind)
    const kept = async () => (await world.database.query('select 1 from reshare_preprocessings')).length
    const before = await kept()
    const broken = watched((sql) => {
      if (sql.includes('into reshare_responses')) throw new Unavailable('the database has gone')
    })
    const answer = await operation.post(by({ database: broken }))
    expect([answer.status, codeOf(answer)]).toEqual([503, 'INTERNAL'])
    expect(await traces(operation.operationId)).toEqual([0, 0, 0, 0])
    expect(await kept()).toBe(before)
    operation.take(await operation.post(by({})))
    expect(await traces(operation.operationId)).toEqual([1, 1, 1, 1])
    expect(operation.signature).toBeDefined()
    world.errors.length = 0
  })

  test('whose check fails counts and is over, and the policy was asked once', async () => {
    await world.database.query('delete from reshare_rates')
    const operation = await begin('complete')
    // Another statement than was opened for: by the longer way the preprocessing is gone.
    const other = await begin('complete')
    const asked: string[] = []
    const policy: ServerOptions['policy'] = ({ action }) => asked.push(action) > 0
    await world.database.query('delete from reshare_preprocessings')
    expect(codeOf(await operation.post(by({ policy })))).toBe('PREPROCESSING_NOT_FOUND')
    expect(asked).toEqual(['sign'])
    expect(await traces(operation.operationId)).toEqual([1, 1, 0, 1])
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(codeOf(await other.post())).toBe('PREPROCESSING_NOT_FOUND')
  })

  test('that is aborted before it comes is unknown, and one that has ended stays', async () => {
    const operation = await begin('sign')
    const abort = () => client.send('POST', paths.abort(operation.operationId))
    expect(codeOf(await abort())).toBe('AUTH_FAILED')
    operation.take(await operation.post())
    expect(JSON.parse(new TextDecoder().decode(unwrap(await abort())))).toEqual({ decision: 'COMMIT' })
  })

  test('of a device that is revoked after the look at it signs nothing', async () => {
    const clientId = 'revoked'
    const device = newDevice(world)
    const signing = await plantSet(world, deviceServer(world).context, { clientId, device })
    const revoke = 'update reshare_devices set revoked_at = created_at where client_id = $1'
    const query: Database['query'] = async (sql, parameters) => {
      const rows = await world.database.query(sql, parameters)
      if (sql.includes('left join reshare_decisions')) await world.database.query(revoke, [clientId])
      return rows
    }
    const { client: of } = deviceServer(world, { database: { ...world.database, query } })
    const operation = sign(of(clientId, device), signing)
    expect(codeOf(await operation.post())).toBe('DEVICE_REVOKED')
    const left = 'select 1 from reshare_responses where operation_id = $1'
    expect(await world.database.query(left, [operation.operationId])).toEqual([])
  })

  // PGlite has one connection: nothing else runs within a transaction.
  test.runIf(name === 'PostgreSQL').each(kinds)('(%s) whose set retires meanwhile signs nothing', async (kind) => {
    const own = world.client()
    const mine = await newWallet(own)
    const setId = setIdOf(mine.signing)
    const operation = await begin(kind, mine, own)
    let retired = 0
    const watching = watched(async (sql) => {
      if (!sql.includes('with used as') || ++retired > 1) return
      await world.database.query(`update reshare_sets set state = 'RETIRING' where set_id = $1`, [setId])
    })
    // A sweep destroys the set before the round runs under a lease.
    const query: Database['query'] = async (sql, parameters) => {
      if (retired > 0) await world.server().sweep()
      return world.database.query(sql, parameters)
    }
    const database = { ...watching, query }
    expect(codeOf(await operation.post(by({ database }, own.clientId)))).toBe('SET_RETIRED')
    expect(retired).toBe(1)
    const left = 'select 1 from reshare_responses where operation_id = $1'
    expect(await world.database.query(left, [operation.operationId])).toEqual([])
  })

  test.runIf(name === 'PostgreSQL')('keeps its set from retiring until it is stored', async () => {
    const own = world.client()
    const { signing } = await newWallet(own)
    const setId = setIdOf(signing)
    const operation = sign(own, signing)
    let retiring: Promise<unknown> = Promise.resolve()
    const order: string[] = []
    const database: Database = {
      ...world.database,
      transaction: (work, isolation) =>
        world.database.transaction(async (tx) => {
          const result = await work(tx)
          if (!('response' in Object(result))) return result
          const retire = `update reshare_sets set state = 'RETIRING' where set_id = $1`
          retiring = world.database.query(retire, [setId]).then(() => order.push('retired'))
          await new Promise((resolve) => setTimeout(resolve, 50))
          order.push('signed')
          return result
        }, isolation),
    }
    expect((await operation.post(by({ database }, own.clientId))).status).toBe(200)
    await retiring
    expect(order).toEqual(['signed', 'retired'])
  })
})
