import { describe, expect, test } from 'vitest'
import { ROUND_CONTENT_TYPE } from '../../../src/wire/round-body.ts'
import type { SetStatus } from '../../../src/wire/operations.ts'
import { paths } from '../../../src/wire/paths.ts'
import { apiTokens, createServer, type PolicyRequest } from '../../../src/server/index.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import {
  codeOf,
  confirmSet,
  getJson,
  play,
  retireSet,
  serverClient,
  type ServerClient,
} from '../../support/server-client.ts'
import { NOT_IDS } from '../../support/texts.ts'
import { fileWorld } from '../support/file-world.ts'
import { backup, generate, newBackup, newWallet, prove, recover, refresh, setIdOf, sign } from '../support/wallets.ts'
import { unknownFlight, unknownIds } from '../support/unknown.ts'
import { testCustodian, type World } from '../support/world.ts'

let world: World
fileWorld((made) => (world = made))

/** Every request by which a client could reach a set, wallet or operation, as another client would send it. */
async function allRequests(owner: ServerClient): Promise<{ name: string; path: string; body?: Uint8Array }[]> {
  const wallet = await newWallet(owner)
  const half = await newBackup(owner, wallet)
  const begun = recover(owner, half)
  begun.take(await begun.post())
  const first = (name: string, operation: { body: Uint8Array | undefined; operationId: string }) => ({
    name,
    path: paths.round(operation.operationId, 1),
    body: operation.body as Uint8Array,
  })
  return [
    first('backup', backup(owner, wallet)),
    first('recover', recover(owner, half)),
    first('refresh', refresh(owner, wallet)),
    first('sign', sign(owner, wallet.signing)),
    first('prove', prove(owner, wallet.signing)),
    { name: 'next round', path: paths.round(begun.operationId, 2), body: begun.body },
    { name: 'abort', path: paths.abort(begun.operationId) },
    { name: 'retire', path: paths.retire(setIdOf(wallet.signing)) },
    { name: 'confirm', path: paths.confirm(setIdOf(half)) },
    { name: 'set', path: paths.set(setIdOf(wallet.signing)) },
    { name: 'sets', path: paths.sets(wallet.walletId) },
  ]
}

const methodOf = (name: string) => (name === 'set' || name === 'sets' ? 'GET' : 'POST')

test("another client's sets answer as if they did not exist (row 33)", async () => {
  const owner = world.client()
  const stranger = world.client()
  const foreign = await allRequests(owner)
  for (const { name, path, body } of foreign) {
    const answer = await stranger.send(methodOf(name), path, body)
    expect([name, codeOf(answer)]).toEqual([name, 'AUTH_FAILED'])
    const unknown = await stranger.send(methodOf(name), unknownIds(world, path), body && unknownFlight(world, body))
    expect([name, unknown]).toEqual([name, answer])
  }
  const rows = await world.database.query('select 1 from reshare_operations where client_id = $1', [stranger.clientId])
  expect(rows).toEqual([])
})

test('a wallet id that another client uses is as free as any', async () => {
  const [owner, stranger] = [world.client(), world.client()]
  const wallet = await newWallet(owner)
  const [other] = (await play(generate(stranger, wallet.walletId))).prepared as [WalletShares]
  await expect(play(generate(owner, wallet.walletId))).rejects.toMatchObject({ code: 'WALLET_EXISTS' })
  for (const [client, signing] of [
    [owner, wallet.signing],
    [stranger, other],
  ] as const) {
    await play(sign(client, signing))
    const { sets } = await getJson<{ sets: SetStatus[] }>(client, paths.sets(wallet.walletId))
    expect(sets.map(({ setId }) => setId)).toEqual([setIdOf(signing)])
  }
})

test('nobody gets in unless authenticate names a client', async () => {
  const nobody = serverClient((request) => world.server().fetch(request), '', world.random)
  for (const { name, path, body } of await allRequests(world.client())) {
    expect([name, codeOf(await nobody.send(methodOf(name), path, body))]).toEqual([name, 'AUTH_FAILED'])
  }
})

test('an authenticate that fails or names nonsense lets nobody in and tells nothing', async () => {
  const failing = [
    () => {
      throw new Error('secret detail')
    },
    ...NOT_IDS.map((clientId) => () => ({ clientId })),
    () => ({ clientId: 7 as never }),
  ]
  for (const [i, authenticate] of failing.entries()) {
    const client = world.client([world.server({ authenticate })])
    const { status, body } = await client.send('GET', paths.sets('00'.repeat(16)))
    const [code, message] = i === 0 ? [503, 'the server cannot answer now'] : [500, 'the server failed']
    expect([status, JSON.parse(new TextDecoder().decode(body))]).toEqual([
      code,
      { error: { id: 'INTERNAL', message, retryable: true } },
    ])
  }
})

test('authenticate sees the headers and no body', async () => {
  const seen: unknown[] = []
  const authenticate = async (request: Request) => {
    seen.push(request.method, request.headers.get('content-type'), (await request.arrayBuffer()).byteLength)
    return undefined
  }
  await world.client([world.server({ authenticate })]).send('POST', paths.round('00'.repeat(16), 1), utf8('body'))
  expect(seen).toEqual(['POST', ROUND_CONTENT_TYPE, 0])
})

describe('API tokens', () => {
  test('a token lets in its client until it is revoked, and only its hash is kept', async () => {
    const tokens = apiTokens(world.database, { random: world.random })
    const [token, other] = [await tokens.create('alice'), await tokens.create('alice')]
    expect(token).toMatch(/^reshare_[A-Za-z0-9_-]{43}$/)
    expect(other).not.toBe(token)
    const server = world.server({ authenticate: tokens.authenticate })
    const status = async (authorization: string) =>
      (await world.client([server]).send('GET', paths.sets('00'.repeat(16)), undefined, { authorization })).body
    const authenticate = (authorization: string) =>
      tokens.authenticate(new Request('http://server.test', { headers: { authorization } }))
    // RFC 9110 §11.1: the name of a scheme has no case.
    for (const scheme of ['Bearer', 'bearer'])
      expect(await authenticate(`${scheme} ${token}`)).toEqual({ clientId: 'alice' })
    const wrong = ['', token, `Basic ${token}`, `Bearer ${token}x`, `Bearer ${token.slice(0, -1)}`, 'Bearer reshare_']
    wrong.push(`Bearer ${token.slice(0, -2)}${token.at(-1)}${token.at(-2)}`.replace(/(..)\1$/, '$1x'))
    for (const value of wrong) expect([value, await authenticate(value)]).toEqual([value, undefined])
    // An empty wallet id of hers is unknown: the same answer as for a wrong token.
    expect(await status(`Bearer ${token}`)).toEqual(await status('Bearer nothing'))
    await tokens.revoke(token)
    await tokens.revoke(token)
    expect(await authenticate(`Bearer ${token}`)).toBeUndefined()
    expect(await authenticate(`Bearer ${other}`)).toEqual({ clientId: 'alice' })
    const rows = await world.database.query('select token_hash, client_id from reshare_tokens')
    expect(JSON.stringify(rows.map((row) => toHex(row['token_hash'] as Uint8Array)))).not.toContain(token)
  })

  test.each(NOT_IDS)('no token for the client %j', async (clientId) => {
    await expect(apiTokens(world.database).create(clientId)).rejects.toThrow(RangeError)
  })

  test.each([[undefined], [7]])('no token for the client %j', async (clientId) => {
    await expect(apiTokens(world.database).create(clientId as never)).rejects.toThrow(TypeError)
  })
})

describe('policy', () => {
  test('is asked before every action and denies it by anything but true', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    const asked: PolicyRequest[] = []
    const policy = (request: PolicyRequest) => {
      asked.push(request)
      return 'yes' as never
    }
    const strict = serverClient((r) => world.server({ policy }).fetch(r), client.clientId, world.random)
    const denied = async (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await denied(play(generate(strict)))
    await denied(play(backup(strict, wallet)))
    await denied(play(recover(strict, half, { existingSets: 'retire', rotateBackup: 'PASSKEY' })))
    await denied(play(refresh(strict, wallet)))
    await denied(play(sign(strict, wallet.signing, 'bip340', 'pay')))
    await denied(play(prove(strict, wallet.signing)))
    await denied(retireSet(strict, setIdOf(wallet.signing)))
    await denied(confirmSet(strict, setIdOf(half)))
    const common = { clientId: client.clientId, walletId: wallet.walletId }
    const signing = { ...common, setId: setIdOf(wallet.signing) }
    expect(asked).toEqual([
      { clientId: client.clientId, action: 'generate', walletId: expect.any(String), label: 'phone' },
      { ...signing, action: 'backup', backupMethod: 'PASSWORD' },
      {
        ...common,
        action: 'recover',
        setId: setIdOf(half),
        existingSets: 'retire',
        rotateBackup: 'PASSKEY',
        dryRun: false,
        label: 'laptop',
      },
      { ...signing, action: 'refresh', label: 'phone' },
      {
        ...{ ...signing, action: 'sign', scheme: 'bip340', message: utf8('pay'), path: 'm', tapTweak: null },
        intent: { kind: 'raw', verified: false },
      },
      { ...signing, action: 'prove' },
      { ...signing, action: 'retire' },
      { ...common, action: 'confirm', setId: setIdOf(half) },
    ])
    await play(sign(client, wallet.signing))
  })
})

describe('options', () => {
  const good = { database: pgliteLike(), authenticate: () => undefined, masterKey: new Uint8Array(32) }
  test.each([
    ['no database', { ...good, database: undefined }, TypeError],
    ['no authenticate', { ...good, authenticate: undefined }, TypeError],
    ['no master key', { ...good, masterKey: undefined }, TypeError],
    ['a short master key', { ...good, masterKey: new Uint8Array(31) }, RangeError],
    ['a policy that is no function', { ...good, policy: true }, TypeError],
    ['a custodian without functions', { ...good, custodian: {} }, TypeError],
    ['one that cannot be read', { ...good, custodian: { store: () => undefined } }, TypeError],
    ['one that is null', { ...good, custodian: null }, TypeError],
    ['one whose delete is none', { ...good, custodian: { ...testCustodian(), delete: true } }, TypeError],
    ['an unknown limit', { ...good, limits: { bodyByte: 1 } }, TypeError],
    ['a limit of nothing', { ...good, limits: { bodyBytes: 0 } }, RangeError],
  ])('%s is refused', (_, options, kind) => {
    expect(() => createServer(options as never)).toThrow(kind)
  })

  function pgliteLike() {
    return { transaction: () => undefined }
  }
})

describe('browsers', () => {
  const preflight = (origin: string) =>
    new Request(`http://server.test${paths.round('00'.repeat(16), 1)}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    })

  test('pages of allowed origins may call, others not, and errors are readable too', async () => {
    const server = world.server({ allowedOrigins: ['https://app.test'] })
    const allowed = await server.fetch(preflight('https://app.test'))
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.test')
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization')
    expect((await server.fetch(preflight('https://evil.test'))).headers.get('access-control-allow-origin')).toBeNull()
    const headers = { origin: 'https://app.test' }
    const refused = await server.fetch(new Request('http://server.test/v1/sets/00', { headers }))
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://app.test'])
  })

  test('without the option no origin is allowed', async () => {
    const answer = await world.server().fetch(preflight('https://app.test'))
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('answers are not cached', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const headers = { 'x-test-client': client.clientId }
    for (const path of [paths.sets(wallet.walletId), paths.sets('00'.repeat(16))]) {
      const answer = await world.server().fetch(new Request(`http://server.test${path}`, { headers }))
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
  })
})

test('no answer to anything holds an internal detail', async () => {
  const broken = { ...world.database, query: () => Promise.reject(new Error('relation "secret" does not exist')) }
  const errors: unknown[] = []
  const server = world.server({ database: broken, onError: (error) => errors.push(error) })
  const client = world.client([server])
  const operation = generate(client)
  const { status, body } = await operation.post()
  expect([status, new TextDecoder().decode(body)]).toEqual([
    500,
    '{"error":{"id":"INTERNAL","message":"the server failed","retryable":true}}',
  ])
  // The sweep and the request.
  expect(errors).toHaveLength(2)
})
