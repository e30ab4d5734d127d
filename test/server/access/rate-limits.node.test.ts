import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { paths } from '../../../src/wire/paths.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { MpcError, ProtocolError } from '../../../src/errors.ts'
import { DEFAULT_LIMITS, type ServerContext } from '../../../src/server/context.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { postgresDatabase } from '../../../src/service/database/postgres.ts'
import type { LimitOptions, Server, ServerOptions } from '../../../src/server/index.ts'
import { chargeOperation } from '../../../src/server/rounds/rates.ts'
import { insertOperation, lockClient } from '../../../src/server/rounds/operations-table.ts'
import { DEFAULT_RATES } from '../../../src/server/access/rate-limits.ts'
import { serverSchema } from '../../../src/server/schema.ts'
import type { KeyShare, WalletShares } from '../../../src/key-share/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import { createPostgres } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { ClientOperation, codeOf, play, unwrap, type Answer, type ServerClient } from '../../support/server-client.ts'
import {
  backup,
  generate,
  newBackup,
  newWallet,
  prove,
  recover,
  refresh,
  setIdOf,
  sign,
  type TestWallet,
} from '../support/wallets.ts'
import { createWorld, type World } from '../support/world.ts'

const HOUR = 60 * 60_000
const CODE = 'the right code'

let world: World
let clientId: string
let wallet: TestWallet
let half: WalletShares
beforeAll(async () => {
  world = createWorld(pgliteDatabase(), seededRandom())
  const owner = world.client()
  clientId = owner.clientId
  wallet = await newWallet(owner)
  half = await newBackup(owner, wallet)
})
beforeEach(async () => {
  world.pass(24 * HOUR)
  await world.server().sweep()
  expect(await counts()).toEqual([])
})
afterAll(() => world.database.close())

const counts = () => world.database.query('select kind, count from reshare_rates order by client_id, kind')
const limited = (limits: LimitOptions, options: Partial<ServerOptions> = {}) => world.server({ limits, ...options })
const owner = (...servers: Server[]) => world.client(servers, clientId)
const signIn = (client: ServerClient) => sign(client, wallet.signing).post()
const code = (answer: Answer) => (answer.status === 200 ? 'OK' : codeOf(answer))

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

describe('what the owner needs is used up neither', () => {
  const tight = {
    openOperations: 2,
    lockOut: { failures: 2, withinMs: HOUR, lockedMs: HOUR },
    rates: {
      generate: { count: 1, perMs: HOUR },
      recover: { count: 2, perMs: HOUR },
      backup: { count: 2, perMs: HOUR },
    },
  }
  const rows = () => world.database.query('select kind from reshare_operations where client_id = $1', [clientId])
  const recovers = async (client: ServerClient) => {
    const recovered = await play(recover(client, half, { existingSets: 'keep' }))
    await play(prove(client, recovered.prepared[0] as WalletShares))
  }

  test('by whoever has the token and no half: nothing begins, and nothing is counted', async () => {
    const client = owner(limited(tight, { authorizeExport: () => raise(new Error('asked')) }))
    const forged = wrong(wallet.signing)
    const before = await rows()
    const begun = [
      () => backup(client, { ...wallet, signing: forged }),
      () => refresh(client, { ...wallet, signing: forged }),
      () => prove(client, forged),
      () => recover(client, wrong(half)),
      () => exportOf(client, CODE, forged),
    ]
    for (const begin of begun) {
      for (let i = 0; i < 4; i++) expect(code(await begin().post())).toBe('PROTOCOL_ABORTED')
      const bare = begin()
      bare.body = encodeRoundBody({ header: bare.request, messages: decodeRoundBody(bare.body!).messages })
      expect(code(await bare.post())).toBe('BAD_REQUEST')
    }
    expect([await rows(), await counts()]).toEqual([before, []])
    for (let i = 0; i < 2; i++) await recovers(client)
  })

  test('by a proof that was seen: it begins what it was made for, once', async () => {
    const client = owner(limited(tight))
    const seen = recover(client, half)
    const { header, messages } = decodeRoundBody(seen.body!)
    const moved = [
      Object.assign(recover(client, half), { body: seen.body }),
      Object.assign(recover(client, half), { operationId: seen.operationId }),
      Object.assign(recover(client, half), {
        operationId: seen.operationId,
        body: encodeRoundBody({ header: { ...(header as object), existingSets: 'retire' }, messages }),
      }),
    ]
    for (const operation of moved) expect(code(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(await counts()).toEqual([])
    await play(seen)
    expect(await counts()).toEqual([{ kind: 'recover', count: 1 }])
  })

  test('by what a thief of the token does with a wallet of his own', async () => {
    const client = owner(limited(tight))
    const own = await newWallet(client)
    const [made] = (await play(backup(client, own))).prepared as [WalletShares]
    for (let i = 0; i < 2; i++) await play(recover(client, made))
    expect(code(await recover(client, made).post())).toBe('RATE_LIMITED')
    for (let i = 0; i < 2; i++) await recovers(client)
  })

  test('by what a stolen device does with its set', async () => {
    const client = owner(limited(tight))
    const [made] = (await play(backup(client, wallet))).prepared as [WalletShares]
    for (let i = 0; i < 2; i++) await play(recover(client, made))
    for (const operation of [backup(client, wallet), prove(client, wallet.signing)])
      operation.take(await operation.post())
    expect(code(await backup(client, wallet).post())).toBe('RATE_LIMITED')
    for (let i = 0; i < 2; i++) await recovers(client)
  })
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
            const hash = { bytes: new Uint8Array(32), matches: () => false }
            const added = await insertOperation(context, tx, key, request, hash)
            await chargeOperation(context, tx, 'ann', request, added!)
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

describe('lock-out', () => {
  const lockOut = { failures: 3, withinMs: HOUR, lockedMs: 2 * HOUR }

  test('after failed proofs nothing begins that needs one of the set; all else goes on', async () => {
    const server = limited({ lockOut })
    const client = owner(server)
    for (let i = 0; i < lockOut.failures; i++) {
      const last = await fail(client)
      expect(code(await last.post())).toBe('PROTOCOL_ABORTED')
    }
    const answers = [backup(client, wallet), refresh(client, wallet), prove(client, wallet.signing), exportOf(client)]
    const refused = await Promise.all(answers.map((operation) => operation.post()))
    for (const answer of refused) expect(answer).toEqual(refused[0])
    expect(codeOf(refused[0] as Answer)).toBe('RATE_LIMITED')
    expect(code(await signIn(client))).toBe('OK')
    // The way back, and what it brings, are not the thief's to lock.
    const recovered = await play(recover(client, half))
    await play(prove(client, recovered.prepared[0] as WalletShares))
    const other = world.client([server])
    expect(code(await prove(other, wallet.signing).post())).toBe('AUTH_FAILED')
    await play(prove(other, (await newWallet(other)).signing))
    world.pass(lockOut.lockedMs - 1)
    expect(code(await prove(client, wallet.signing).post())).toBe('RATE_LIMITED')
    world.pass(1)
    await play(prove(client, wallet.signing))
  })

  test('no proof that is sent again much later fails, or counts', async () => {
    const client = owner(limited({ lockOut }))
    const proof = prove(client, wallet.signing)
    const { body } = proof
    await play(proof)
    world.pass(24 * HOUR)
    await world.server().sweep()
    expect(codeOf(await Object.assign(proof, { round: 1, body }).post())).toBe('PROTOCOL_ABORTED')
    expect(await counts()).toEqual([])
  })

  test('failures that are far apart do not add up', async () => {
    const client = owner(limited({ lockOut }))
    for (let i = 0; i < 2 * lockOut.failures; i++) {
      await fail(client)
      world.pass(HOUR / 2)
    }
    await play(prove(client, wallet.signing))
  })

  test('without it nobody is locked out', async () => {
    const client = owner(limited({ lockOut: null }))
    for (let i = 0; i < 6; i++) await fail(client)
    await play(prove(client, wallet.signing))
  })

  test('codes of an export are guessed no more often than may fail, one by one or at once', async () => {
    for (const atOnce of [false, true]) {
      world.pass(24 * HOUR)
      let asked = 0
      const client = owner(limited({ lockOut }, { authorizeExport: () => ++asked < 0 }))
      const answers: Answer[] = []
      if (atOnce) answers.push(...(await Promise.all(Array.from({ length: 6 }, () => exportOf(client).post()))))
      else for (let i = 0; i < 6; i++) answers.push(await exportOf(client).post())
      expect(asked).toBe(lockOut.failures)
      expect(answers.map(code).sort()).toEqual([
        ...Array<string>(3).fill('POLICY_DENIED'),
        ...Array<string>(3).fill('RATE_LIMITED'),
      ])
    }
  })

  test('a right code counts as no failure', async () => {
    const answers = [true, false, true, false, true, true]
    const client = owner(limited({ lockOut }, { authorizeExport: () => answers.shift() as boolean }))
    const told: string[] = []
    for (let i = 0; i < 5; i++) told.push(code(await exportOf(client).post()))
    expect(told).toEqual(['OK', 'POLICY_DENIED', 'OK', 'POLICY_DENIED', 'OK'])
    const failures = (await counts()).filter(({ kind }) => kind === 'failure')
    expect(failures).toEqual(Array(2).fill({ kind: 'failure', count: 2 }))
  })

  test.each<[string, () => never]>([
    ['throws', () => raise(new Error('down'))],
    ['throws an error of ours', () => raise(new MpcError('OPERATION_IN_PROGRESS', 'from the hook'))],
    ['throws a check that failed', () => raise(new ProtocolError('POP', 1, [1], 'from the hook'))],
    ['throws nothing', () => raise(undefined)],
    ['rejects', () => Promise.reject(new Error('down')) as never],
  ])('a hook that %s on a wrong code gives no free try: it denies, costs the rate and counts', async (_, down) => {
    let asked = 0
    const authorizeExport: ServerOptions['authorizeExport'] = ({ authorization }) => {
      asked += 1
      return authorization === CODE || down()
    }
    const client = owner(limited({ lockOut, rates: null }, { authorizeExport }))
    for (let i = 0; i < lockOut.failures; i++) expect(code(await exportOf(client, `${i}`).post())).toBe('POLICY_DENIED')
    expect(code(await exportOf(client).post())).toBe('RATE_LIMITED')
    expect([asked, world.errors.splice(0).length]).toEqual([lockOut.failures, lockOut.failures])
    world.pass(lockOut.lockedMs)
    const twice = { lockOut: null, rates: { export: { count: 2, perMs: HOUR } } }
    const hasty = owner(limited(twice, { authorizeExport }))
    const codes = (await Promise.all(Array.from({ length: 4 }, (__, i) => exportOf(hasty, `${i}`).post()))).map(code)
    expect(codes.sort()).toEqual(['POLICY_DENIED', 'POLICY_DENIED', 'RATE_LIMITED', 'RATE_LIMITED'])
    expect(code(await exportOf(hasty).post())).toBe('RATE_LIMITED')
    expect(asked).toBe(lockOut.failures + 2)
    world.errors.length = 0
  })

  test('an export that is over its rate asks nobody', async () => {
    let asked = 0
    const rates = { export: { count: 1, perMs: HOUR } }
    const client = owner(limited({ rates }, { authorizeExport: () => ++asked > 0 }))
    expect(code(await exportOf(client).post())).toBe('OK')
    expect(code(await exportOf(client).post())).toBe('RATE_LIMITED')
    expect(asked).toBe(1)
  })
})

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

/** All that is known of shares, and others in their place. */
function wrong(of: WalletShares): WalletShares {
  const other = (share: KeyShare) => ({
    ...share,
    secretShare: getGroup(share.record.curve).randomScalar(world.random),
  })
  return { ...of, shares: of.shares.map(other) }
}

/** A proof that fails, of whoever holds the share. */
async function fail(client: ServerClient): Promise<ClientOperation> {
  const { signing } = wallet
  const { walletId } = wallet
  const request = { kind: 'prove', walletId, setId: setIdOf(signing) } as const
  const operation = new ClientOperation(client, request, wrong(signing), { begins: signing })
  operation.take(await operation.post())
  expect(code(await operation.post())).toBe('PROTOCOL_ABORTED')
  return operation
}

function exportOf(client: ServerClient, authorization = CODE, signing = wallet.signing): ClientOperation {
  const receiver = toHex(generateKeyPair(world.random).publicKey)
  const named = { walletId: wallet.walletId, setId: setIdOf(signing) }
  const request = { kind: 'export', ...named, curve: 'ed25519', authorization, receiver } as const
  return new ClientOperation(client, request, signing)
}

function raise(error: unknown): never {
  throw error
}

function failing(): never {
  throw new Error('the database is gone')
}
