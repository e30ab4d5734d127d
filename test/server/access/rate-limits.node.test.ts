import { describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import { paths } from '../../../src/wire/paths.ts'
import type { MpcError } from '../../../src/errors.ts'
import { DEFAULT_LIMITS, type ServerContext } from '../../../src/server/context.ts'
import { postgresDatabase } from '../../../src/service/database/postgres.ts'
import { chargeOperation } from '../../../src/server/rounds/rates.ts'
import { lockClient } from '../../../src/server/lock-client.ts'
import { insertOperation } from '../../../src/server/rounds/operations-table.ts'
import { DEFAULT_RATES } from '../../../src/server/access/rate-limits.ts'
import { serverSchema } from '../../../src/server/schema.ts'
import { createPostgres } from '../../e2e/support/databases.ts'
import type { ClientOperation } from '../../support/server-client.ts'
import { play, unwrap } from '../../support/server-client.ts'
import { codeOrOk as code, limitedOwner } from '../support/limited-owner.ts'
import { backup, generate, prove, sign, type TestWallet } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

const HOUR = 60 * 60_000

let world: World
let clientId: string
let wallet: TestWallet
const { counts, limited, owner, signIn } = limitedOwner((made) => ({ world, clientId, wallet } = made))

describe('rates', () => {
  const two = { rates: { sign: { count: 2, perMs: HOUR } } }

  test('all processes count together, and say when to come back', async () => {
    const servers = [limited(two), limited(two)]
    const client = owner(...servers)
    expect([code(await signIn(client)), code(await signIn(client))]).toEqual(['OK', 'OK'])
    world.pass(1234)
    const refused = sign(client, wallet.signing)
    const path = paths.round(refused.operationId, 1)
    const headers = { 'x-test-client': clientId, 'content-type': 'application/vnd.reshare.round' }
    const body = refused.body as Uint8Array<ArrayBuffer>
    const answer = await servers[0]!.fetch(new Request(`http://server.test${path}`, { method: 'POST', headers, body }))
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '3599'])
    expect(await answer.json()).toEqual({
      error: {
        id: 'RATE_LIMITED',
        message: 'too many operations of this kind (sign): try again later',
        retryable: true,
        retryAfterMs: HOUR - 1234,
      },
    })
    const row = await world.database.query('select 1 from reshare_operations where operation_id = $1', [
      refused.operationId,
    ])
    expect(row).toEqual([])
    world.pass(HOUR - 1234)
    expect(code(await refused.post())).toBe('OK')
    expect(await counts()).toEqual([{ kind: 'sign', count: 1 }])
  })

  test('a repeated round is not counted, before its answer or after it', async () => {
    const client = owner(limited(two))
    const one = sign(client, wallet.signing)
    for (let i = 0; i < 4; i++) expect(code(await one.post())).toBe('OK')
    const broken = limited(two, {
      database: {
        ...world.database,
        transaction: (work, isolation) =>
          world.database.transaction(
            (tx) =>
              work({
                query: async (sql, parameters) =>
                  sql.includes('into reshare_responses') ? failing() : tx.query(sql, parameters),
              }),
            isolation,
          ),
      },
    })
    const other = sign(client, wallet.signing)
    await world.database.query('delete from reshare_rates')
    for (let i = 0; i < 3; i++) await other.post(owner(broken))
    expect(await counts()).toEqual([{ kind: 'sign', count: 1 }])
    world.errors.length = 0
  })

  test('of many at once as many as may begin', async () => {
    const client = owner(limited({ rates: { sign: { count: 3, perMs: HOUR } } }))
    const answers = await Promise.all(Array.from({ length: 8 }, () => signIn(client)))
    expect(answers.map(code).sort()).toEqual([...Array<string>(3).fill('OK'), ...Array<string>(5).fill('RATE_LIMITED')])
  })

  test('kinds and clients are counted apart, and what is not there is not', async () => {
    const server = limited({ rates: { sign: { count: 1, perMs: HOUR } } })
    const client = owner(server)
    const stranger = world.client([server])
    for (let i = 0; i < 3; i++) expect(code(await signIn(stranger))).toBe('AUTH_FAILED')
    expect(await counts()).toEqual([])
    expect(code(await signIn(client))).toBe('OK')
    expect(code(await signIn(client))).toBe('RATE_LIMITED')
    await play(prove(client, wallet.signing))
    expect(code(await signIn(stranger))).toBe('AUTH_FAILED')
  })

  test('null is none', async () => {
    const client = owner(limited({ rates: { sign: null } }))
    await signIn(client)
    expect(await counts()).toEqual([])
    await play(prove(client, wallet.signing))
    expect(await counts()).toEqual([{ kind: 'prove', count: 1 }])
    await play(prove(owner(limited({ rates: null })), wallet.signing))
    expect(await counts()).toEqual([{ kind: 'prove', count: 1 }])
  })
})

test('operations of a set that are under way are bounded, whatever their kind', async () => {
  const client = owner(limited({ openOperations: 2 }))
  const open = [backup(client, wallet), prove(client, wallet.signing)]
  for (const operation of open) operation.take(await operation.post())
  const answer = await signIn(client)
  expect([answer.status, code(answer)]).toEqual([429, 'RATE_LIMITED'])
  expect(code(await signIn(world.client([limited({ openOperations: 2 })])))).toBe('AUTH_FAILED')
  unwrap(await client.send('POST', paths.abort(open[0]!.operationId)))
  expect(code(await signIn(client))).toBe('OK')
  expect(code(await signIn(client))).toBe('OK')
  await play(open[1] as ClientOperation)
  await play(prove(client, wallet.signing))
})

test('so are generations, and nothing else by them', async () => {
  const client = owner(limited({ openOperations: 1 }))
  const one = generate(client)
  one.take(await one.post())
  expect(code(await generate(client).post())).toBe('RATE_LIMITED')
  expect(code(await signIn(client))).toBe('OK')
  unwrap(await client.send('POST', paths.abort(one.operationId)))
  await play(generate(client))
})

test.skipIf(!process.env['RESHARE_TEST_POSTGRES_URL'])(
  'of operations that begin at once no more than that',
  async () => {
    const { url, drop } = await createPostgres()
    const database = postgresDatabase({ connectionString: url, max: 6 })
    try {
      await database.migrate(serverSchema)
      const limits = { ...DEFAULT_LIMITS, openOperations: 2, rates: { ...DEFAULT_RATES, sign: null } }
      const context = { limits, now: Date.now } as unknown as ServerContext
      const setId = 'ab'.repeat(32)
      const begun = await Promise.allSettled(
        Array.from({ length: 6 }, (_, i) =>
          database.transaction(async (tx) => {
            await lockClient(tx, 'ann')
            const request = { kind: 'sign', setId } as OperationRequest
            const key = { clientId: 'ann', operationId: `${i}`, device: null }
            const requestHash = { bytes: new Uint8Array(32), matches: () => false }
            const added = await insertOperation(context, tx, { ...key, request, requestHash })
            await chargeOperation(context, tx, { clientId: 'ann', request }, added!)
          }, 'read committed'),
        ),
      )
      const outcomes = begun.map((one) => (one.status === 'fulfilled' ? 'OK' : (one.reason as MpcError).code)).sort()
      expect(outcomes).toEqual(['OK', 'OK', ...Array<string>(4).fill('RATE_LIMITED')])
    } finally {
      await database.close()
      await drop()
    }
  },
)

test.each<[string, object, new () => Error]>([
  ['a kind that there is not', { rates: { steal: { count: 1, perMs: 1 } } }, TypeError],
  ['a rate of nothing', { rates: { sign: { count: 0, perMs: 1 } } }, RangeError],
  ['a rate without a time', { rates: { sign: { count: 1 } } }, RangeError],
  ['a rate that is a number', { rates: { sign: 5 } }, TypeError],
  ['a lock-out at once', { lockOut: { failures: 0, withinMs: 1, lockedMs: 1 } }, RangeError],
  ['no open operations', { openOperations: 0 }, RangeError],
])('refuses %s', (_, limits, error) => {
  expect(() => world.server({ limits: limits })).toThrow(error)
})

function failing(): never {
  throw new Error('the database is gone')
}
