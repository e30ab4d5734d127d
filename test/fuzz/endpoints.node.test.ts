import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readFailure } from '../../src/wire/error-body.ts'
import { encodeRoundBody } from '../../src/wire/round-body.ts'
import { paths } from '../../src/wire/paths.ts'
import type { SignItem } from '../../src/wire/sign-items.ts'
import { createCustodian, type CustodianApp } from '../../src/custodian/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { parseJson, play, type Answer, type ClientOperation, type ServerClient } from '../support/server-client.ts'
import { seededRandom } from '../support/random.ts'
import { backup, generate, newWallet, prove, setIdOf, sign, type TestWallet } from '../server/support/wallets.ts'
import { signAll } from '../server/support/batches.ts'
import { createWorld, type World } from '../server/support/world.ts'
import { hostile, runs } from './support/mutate.ts'

/** An answer that an honest client understands: the body of a success, or one of the documented codes. */
function expectDocumented({ status, body }: Answer): void {
  if (status >= 200 && status < 300) return
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
  const { error } = parseJson(body) as { error: { id: string; message: string } }
  const isCode = error.id === 'BAD_REQUEST' || readFailure(status, { error }).error.code === error.id
  expect(isCode, error.id).toBe(true)
}

/** Text as it stands in a path: printable, of any length, now and then an id that exists. */
const segments = (known: () => readonly string[]) =>
  fc.oneof(
    fc.string({ maxLength: 70 }).map(encodeURIComponent),
    fc.stringMatching(/^[0-9a-f]{32}$/),
    fc.stringMatching(/^[0-9a-f]{64}$/),
    fc.constantFrom(
      'v1',
      'operations',
      'joins',
      'sets',
      'wallets',
      'rounds',
      'abort',
      'retire',
      'confirm',
      '1',
      '0',
      '..',
      '%00',
    ),
    fc.nat({ max: 2 }).map((i) => known()[i] ?? 'none'),
  )

/** None of ECDSA: what breaks a message of it can be a cheat, which is a ban. */
const ITEMS: readonly SignItem[] = [
  { scheme: 'bip340', message: 'ab', path: 'm/1', tapTweak: '' },
  { scheme: 'ed25519', message: 'ab', path: 'm' },
]

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']

describe('the endpoints of the server', () => {
  let world: World
  let client: ServerClient
  let wallet: TestWallet

  beforeAll(async () => {
    world = createWorld(pgliteDatabase(), seededRandom())
    // What is broken here often blames the client: locked out, it would play nothing any more.
    client = world.client([world.server({ limits: { rates: null, lockOut: null } })])
    wallet = await newWallet(client)
  })
  afterAll(() => world.database.close())

  /** Whatever came in, the wallet of before signs, and nothing has surprised the server. */
  async function unharmed(): Promise<void> {
    expect(world.errors).toEqual([])
    expect((await play(sign(client, wallet.signing))).signature).toHaveLength(64)
  }

  test('a round with hostile bytes in its body', async () => {
    const makers: readonly (() => ClientOperation)[] = [
      () => sign(client, wallet.signing),
      () => sign(client, wallet.signing, 'bip340'),
      () => signAll(client, wallet, ITEMS),
      () => prove(client, wallet.signing),
      () => backup(client, wallet),
      () => generate(client),
    ]
    // What to break is drawn once the round's own bytes are known.
    const plan = fc.tuple(fc.nat({ max: makers.length - 1 }), fc.nat({ max: 2 }), fc.nat())
    await fc.assert(
      fc.asyncProperty(plan, async ([which, honest, seed]) => {
        const operation = makers[which]!()
        for (let round = 0; round < honest && operation.body !== undefined; round++) {
          operation.take(await operation.post())
        }
        const [body] = fc.sample(hostile(operation.body ?? new Uint8Array(9)), { numRuns: 1, seed })
        const path = paths.round(operation.operationId, operation.round)
        expectDocumented(await client.send('POST', path, body))
        // The same again: played before, or refused before.
        expectDocumented(await client.send('POST', path, body))
      }),
      runs(60),
    )
    await unharmed()
  })

  test('a first round with any header', async () => {
    const ids = { walletId: wallet.walletId, setId: setIdOf(wallet.signing) }
    const some = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(...Object.values(ids), 'sign', 'recover', 'ecdsa'),
    )
    const names = [
      'kind',
      'walletId',
      'setId',
      'label',
      'scheme',
      'message',
      'path',
      'hash',
      'source',
      'dryRun',
      'items',
      'intents',
      'preprocessings',
    ]
    const header = fc.dictionary(fc.constantFrom(...names, '__proto__', 'constructor', 'toString'), some)
    const kinds = fc.constantFrom(
      'generate',
      'recover',
      'backup',
      'refresh',
      'join',
      'sign',
      'signAll',
      'prove',
      'preprocess',
      'export',
    )
    const headers = fc.oneof(
      fc.jsonValue(),
      header,
      fc.tuple(header, kinds).map(([fields, kind]) => ({ ...ids, ...fields, kind })),
    )
    await fc.assert(
      fc.asyncProperty(headers, fc.uint8Array({ maxLength: 50 }), async (any, envelope) => {
        const body = encodeRoundBody({ header: any as object, messages: [{ sessionIndex: 0, envelope }] })
        expectDocumented(await client.send('POST', paths.round('ab'.repeat(16), 1), body))
      }),
      runs(120),
    )
    await unharmed()
  })

  test('any method, path, content type and body', async () => {
    const parts = fc.array(
      segments(() => [wallet.walletId, setIdOf(wallet.signing)]),
      { maxLength: 6 },
    )
    const types = fc.constantFrom('', 'application/json', 'application/x-reshare', 'text/plain; charset=utf-8')
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...METHODS),
        parts,
        types,
        fc.uint8Array({ maxLength: 100 }),
        async (method, path, type, bytes) => {
          const body = method === 'GET' || method === 'HEAD' || bytes.length === 0 ? undefined : bytes
          const answer = await client.send(method, `/${path.join('/')}`, body, { 'content-type': type })
          if (method === 'HEAD') expect(answer.status).toBeLessThan(500)
          else expectDocumented(answer)
        },
      ),
      runs(150),
    )
    expect(world.errors).toEqual([])
  })
})

describe('the endpoints of the custodian', () => {
  const SECRET = 'webhook-secret-of-the-tests'
  const errors: unknown[] = []
  const database = pgliteDatabase()
  let app: CustodianApp

  beforeAll(() => {
    app = createCustodian({
      database,
      webhookSecret: SECRET,
      masterKey: utf8('the custodian key of these tests'),
      authenticateUser: () => ({ userId: 'user', clientId: 'client' }),
      allowedOrigins: ['https://app.test'],
      onError: (error) => errors.push(error),
      random: seededRandom('custodian'),
    })
  })
  afterAll(() => database.close())

  test('any path with any body', async () => {
    const known = [
      '/backup',
      '/backup/fetch',
      '/backup/delete',
      '/users/user/encrypted-user-backup-shares',
      '/clients/client/backup',
    ]
    const exports = ['challenge', 'share'].map((what) => `/v1/exports/${'ab'.repeat(16)}/${what}`)
    const path = fc.oneof(
      fc.constantFrom(...known, ...exports),
      fc
        .array(
          segments(() => []),
          { maxLength: 4 },
        )
        .map((parts) => `/${parts.join('/')}`),
    )
    const fields = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('client', 'PASSWORD', 'AAAA', '5e'.repeat(32), '\0'),
    )
    const names = [
      'clientId',
      'backupMethod',
      'share',
      'setId',
      'cipherText',
      'curve',
      'authorization',
      'receiver',
      'proof',
    ]
    const body = fc.oneof(
      fc.dictionary(fc.constantFrom(...names), fields).map((object) => utf8(JSON.stringify(object))),
      fc.uint8Array({ maxLength: 60 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'), path, body, async (method, to, bytes) => {
        const answer = await app.fetch(
          new Request(`https://app.test${to}`, {
            method,
            headers: { 'content-type': 'application/json', 'x-webhook-secret': SECRET },
            ...(method !== 'GET' && { body: new Uint8Array(bytes) }),
          }),
        )
        expectDocumented({ status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) })
      }),
      runs(200),
    )
    expect(errors).toEqual([])
  })
})
