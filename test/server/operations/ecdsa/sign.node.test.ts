import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../../src/wire/round-body.ts'
import { requestDigest } from '../../../../src/wire/signing.ts'
import { pgliteDatabase } from '../../../../src/service/database/pglite.ts'
import type { PolicyRequest } from '../../../../src/server/index.ts'
import { fromHex } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import {
  ClientOperation,
  codeOf,
  play,
  serverClient,
  setStatus,
  type ServerClient,
} from '../../../support/server-client.ts'
import { nobleTakes } from '../../support/ecdsa.ts'
import { newWallet, preprocess, setIdOf, setup, signEcdsa, type TestWallet } from '../../support/wallets.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World
let client: ServerClient
let wallet: TestWallet
beforeAll(async () => {
  world = createWorld(pgliteDatabase(), seededRandom())
  client = world.client()
  wallet = await newWallet(client)
})
afterAll(() => world.database.close())

const DIGEST = 'ab'.repeat(32)
const ROOT = 'cd'.repeat(32)

test.each([
  ['keccak256', 'm', '6d7367'],
  ['sha256', 'm/0', ''],
  ['sha256d', 'm/84/0/2147483647', '00'],
  [null, 'm', DIGEST],
  [null, `m${'/1'.repeat(255)}`, 'ff'.repeat(32)],
] as const)('signs with hash %s for the key at %s', async (hash, path, message) => {
  const operation = await play(signEcdsa(client, wallet, { hash, path, message }))
  expect(operation.round).toBe(3)
  expect(nobleTakes(operation, wallet.signing)).toBe(true)
})

test.each([
  ['m', null],
  ['m/86/0', null],
  ['m', ''],
  ['m/1', ROOT],
])('signs with BIP 340 for the key at %s with the tweak %j', async (path, tapTweak) => {
  const named = { walletId: wallet.walletId, setId: setIdOf(wallet.signing) }
  const request = { kind: 'sign', ...named, scheme: 'bip340', message: DIGEST, path, tapTweak } as const
  const operation = await play(new ClientOperation(client, request, wallet.signing))
  expect(nobleTakes(operation, wallet.signing)).toBe(true)
})

test('goes on with another server on the same database, gives the same bytes again, and records the use', async () => {
  const operation = signEcdsa(client, wallet)
  while (operation.body !== undefined) {
    const by = world.client([world.server()], client.clientId)
    const answer = await operation.post(by)
    expect(await operation.post(world.client([world.server()], client.clientId))).toEqual(answer)
    operation.take(answer)
  }
  expect(nobleTakes(operation, wallet.signing)).toBe(true)
  expect((await setStatus(client, setIdOf(wallet.signing))).lastUsedAt).not.toBeNull()
})

test('another message in a round already played is refused', async () => {
  const operation = signEcdsa(client, wallet)
  const first = await operation.post()
  const own = operation.body
  operation.body = signEcdsa(client, wallet, { message: '00' }).body
  expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
  operation.body = own
  operation.take(first)
  await play(operation)
})

test('a header that names another digest, key or source than the messages were made for signs nothing', async () => {
  for (const changed of [{ message: '00' }, { path: 'm/1' }, { hash: 'sha256' }]) {
    const operation = signEcdsa(client, wallet)
    const header = { ...operation.request, ...changed }
    operation.body = encodeRoundBody({ header, messages: decodeRoundBody(operation.body!).messages })
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
  }
  await play(signEcdsa(client, wallet))
})

test('a client reaches no set of another', async () => {
  const stranger = world.client()
  for (const operation of [signEcdsa(stranger, wallet), preprocess(stranger, wallet), setup(stranger, wallet)]) {
    expect(codeOf(await operation.post())).toBe('AUTH_FAILED')
  }
})

test('is over when it was aborted between its rounds', async () => {
  const operation = signEcdsa(client, wallet)
  operation.take(await operation.post())
  world.pass(10 * 60_000)
  await world.server().sweep()
  expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
})

describe('a request that makes no sense is refused and leaves nothing', () => {
  const signing = { kind: 'sign', scheme: 'ecdsa', message: DIGEST, hash: null, path: 'm', source: { kind: 'setup' } }
  const taproot = { kind: 'sign', scheme: 'bip340', message: DIGEST, path: 'm', tapTweak: null }
  test.each<[string, object]>([
    ['a digest of 31 bytes', { ...signing, message: 'ab'.repeat(31) }],
    ['a digest of 33 bytes', { ...signing, message: 'ab'.repeat(33) }],
    ['an unknown hash', { ...signing, hash: 'md5' }],
    ['no hash', { ...signing, hash: undefined }],
    ['a hardened path', { ...signing, path: "m/44'" }],
    ['an index from 2^31 on', { ...signing, path: 'm/2147483648' }],
    ['a path of 256 steps', { ...signing, path: `m${'/1'.repeat(256)}` }],
    ['a path that is none', { ...signing, path: '0/1' }],
    ['a path with a leading zero', { ...signing, path: 'm/01' }],
    ['an unknown source', { ...signing, source: { kind: 'thinAir' } }],
    ['a preprocessing without an id', { ...signing, source: { kind: 'preprocessing' } }],
    ['a preprocessing of a short id', { ...signing, source: { kind: 'preprocessing', id: 'ab' } }],
    ['a field too many', { ...signing, tapTweak: null }],
    ['no tweak for BIP 340', { ...taproot, tapTweak: undefined }],
    ['a tweak of 31 bytes', { ...taproot, tapTweak: 'cd'.repeat(31) }],
    ['a hardened path for ed25519', { kind: 'sign', scheme: 'ed25519', message: '', path: "m/44'" }],
    ['no path for ed25519', { kind: 'sign', scheme: 'ed25519', message: '' }],
    ['a tweak for ed25519', { kind: 'sign', scheme: 'ed25519', message: '', path: 'm', tapTweak: null }],
    ['a preprocessing with a path', { kind: 'preprocess', path: 'm' }],
    ['a setup with a path', { kind: 'setup', path: 'm' }],
  ])('%s', async (_, request) => {
    const operation = signEcdsa(client, wallet)
    const header = { walletId: wallet.walletId, setId: setIdOf(wallet.signing), ...request }
    operation.body = encodeRoundBody({ header, messages: [] })
    expect(codeOf(await operation.post())).toBe('BAD_REQUEST')
    const rows = await world.database.query('select 1 from reshare_operations where operation_id = $1', [
      operation.operationId,
    ])
    expect(rows).toEqual([])
  })
})

test('the policy hears the digest, the hash, the path and the tweak, and of setups and preprocessings', async () => {
  const asked: PolicyRequest[] = []
  const policy = (request: PolicyRequest) => {
    asked.push(request)
    return false
  }
  const strict = serverClient((r) => world.server({ policy }).fetch(r), client.clientId, world.random)
  const named = { walletId: wallet.walletId, setId: setIdOf(wallet.signing) }
  const taproot = { kind: 'sign', ...named, scheme: 'bip340', message: DIGEST, path: 'm/3', tapTweak: ROOT } as const
  const hashed = signEcdsa(strict, wallet, { message: '6d7367', path: 'm/3' })
  const operations = [
    hashed,
    signEcdsa(strict, wallet, { message: DIGEST, hash: null }),
    new ClientOperation(strict, taproot, wallet.signing),
    preprocess(strict, wallet),
    setup(strict, wallet),
  ]
  for (const operation of operations) expect(codeOf(await operation.post())).toBe('POLICY_DENIED')
  const common = { clientId: client.clientId, ...named }
  const message = fromHex('6d7367')
  const digest = requestDigest({ message: '6d7367', hash: 'keccak256' })
  const signing = { ...common, action: 'sign', intent: { kind: 'raw', verified: false } }
  expect(asked).toEqual([
    { ...signing, scheme: 'ecdsa', message, digest, hash: 'keccak256', path: 'm/3' },
    {
      ...signing,
      scheme: 'ecdsa',
      message: fromHex(DIGEST),
      digest: fromHex(DIGEST),
      hash: null,
      path: 'm',
    },
    { ...signing, scheme: 'bip340', message: fromHex(DIGEST), path: 'm/3', tapTweak: ROOT },
    { ...common, action: 'preprocess' },
    { ...common, action: 'setup' },
  ])
})

test('an option that says nothing known about cheats is refused', () => {
  expect(() => world.server({ onCheating: 'forgive' as never })).toThrow(TypeError)
})
