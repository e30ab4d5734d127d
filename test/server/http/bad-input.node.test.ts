import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeRoundBody, ROUND_CONTENT_TYPE, type SessionMessage } from '../../../src/wire/round-body.ts'
import { paths } from '../../../src/wire/paths.ts'
import { DEFAULT_LIMITS } from '../../../src/server/context.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { concatBytes, fromUtf8, toHex, utf8 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { NOT_LABELS } from '../../support/texts.ts'
import { codeOf, firstFlight, serverClient, type ServerClient } from '../../support/server-client.ts'
import { newWallet, setIdOf, sign, type TestWallet } from '../support/wallets.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
let client: ServerClient
let wallet: TestWallet
let before: string

/** Everything that a request could have changed. */
async function contents(): Promise<string> {
  const counts: unknown[] = []
  for (const table of ['wallets', 'sets', 'shares', 'operations', 'responses', 'decisions', 'retirements']) {
    counts.push([table, await world.database.query(`select count(*)::int as n from reshare_${table}`)])
  }
  return JSON.stringify([counts, await world.database.query('select set_id, state from reshare_sets order by 1')])
}

beforeAll(async () => {
  world = createWorld(pgliteDatabase(), seededRandom())
  client = world.client()
  wallet = await newWallet(client)
})
beforeEach(async () => {
  before = await contents()
})
afterAll(() => world.database.close())

async function expectRefused(path: string, body?: Uint8Array, options: { type?: string; method?: string } = {}) {
  const { type = ROUND_CONTENT_TYPE, method = 'POST' } = options
  const answer = await client.send(method, path, body, body && { 'content-type': type })
  expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_REQUEST'])
  expect(await contents()).toBe(before)
}

const operationId = 'ab'.repeat(16)
const firstRound = paths.round(operationId, 1)

const generate = { kind: 'generate', walletId: '01'.repeat(16), label: 'phone' }
const importing = {
  kind: 'import',
  walletId: '01'.repeat(16),
  label: '',
  keys: {
    secp256k1: {
      publicKey: `02${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}`,
      chainCode: null,
    },
    ed25519: null,
  },
}
const NOT_KEYS = [
  undefined,
  null,
  {},
  { secp256k1: null, ed25519: null },
  { ...importing.keys, ed25519: undefined },
  { ...importing.keys, p256: null },
  { secp256k1: importing.keys.secp256k1, ed25519: importing.keys.secp256k1 },
  ...[
    { publicKey: '00'.repeat(33) },
    { publicKey: '02'.repeat(32) },
    { publicKey: 7 },
    { chainCode: '00' },
    { secret: '' },
  ].map((wrong) => ({ secp256k1: { ...importing.keys.secp256k1, ...wrong }, ed25519: null })),
]
const ids = { walletId: '01'.repeat(16), setId: '02'.repeat(32) }
const proof = '00'.repeat(65)
const recover = { kind: 'recover', ...ids, label: '', existingSets: 'keep', rotateBackup: null, dryRun: false, proof }
const backup = { kind: 'backup', ...ids, backupMethod: 'PASSWORD', proof }
const refresh = { kind: 'refresh', ...ids, label: '', proof }
const join = { kind: 'join', ...ids, label: '', joiningDeviceId: '03'.repeat(32), proof }
const signing = { kind: 'sign', ...ids, scheme: 'ed25519', message: '00', path: 'm' }
const prove = { kind: 'prove', ...ids, proof }

/** Each field of each kind, with values that are not ones. */
const NOT_IDS = [undefined, null, 7, '', 'zz'.repeat(16), 'AB'.repeat(16), '01'.repeat(15), '01'.repeat(33), ['01']]
const NO_LABELS = [undefined, null, 7, 'x'.repeat(129), ...NOT_LABELS]
const NOT_METHODS = [undefined, null, 'password', 'FTP', 1]
const fields: [object, string, readonly unknown[]][] = [
  [importing, 'keys', NOT_KEYS],
  [importing, 'walletId', NOT_IDS],
  [importing, 'label', NO_LABELS],
  ...[generate, recover, backup, refresh, join, signing, prove].map((header) => [header, 'walletId', NOT_IDS] as const),
  ...[recover, backup, refresh, join, signing, prove].map((header) => [header, 'setId', NOT_IDS] as const),
  ...[generate, recover, refresh, join].map((header) => [header, 'label', NO_LABELS] as const),
  ...[recover, backup, refresh, join, prove].map((header) => [header, 'proof', [...NOT_IDS, '00'.repeat(64)]] as const),
  ...[generate, recover, refresh].map((header) => [header, 'withoutSetup', [null, false, 1, 'true']] as const),
  [signing, 'withoutSetup', [true]],
  [backup, 'withoutSetup', [true]],
  [join, 'withoutSetup', [true]],
  [join, 'joiningDeviceId', NOT_IDS.filter((value) => value !== null)],
  [signing, 'proof', [proof]],
  [backup, 'backupMethod', NOT_METHODS],
  [recover, 'rotateBackup', [undefined, 'password', 1, false]],
  [recover, 'existingSets', [undefined, null, 'drop', true]],
  [recover, 'dryRun', [undefined, null, 'true', 0]],
  [signing, 'scheme', [undefined, null, 'ecdsa', 'ED25519']],
  [signing, 'message', [undefined, null, 'xyz', '0', 'AB', '00'.repeat(64 * 1024 + 1)]],
  [generate, 'kind', [undefined, null, 'delete', 'toString', '__proto__']],
].map(([header, field, values]) => [header as object, field as string, values as readonly unknown[]])

describe('headers of the first round', () => {
  test.each(fields)('%o with a wrong %s', async (header, field, values) => {
    for (const value of values) {
      await expectRefused(firstRound, encodeRoundBody({ header: { ...header, [field]: value }, messages: [] }))
    }
  })

  test.each([
    ['an extra field', { ...generate, admin: true }],
    ['a list', [generate]],
    ['nothing', {}],
  ])('%s', async (_, header) => {
    await expectRefused(firstRound, encodeRoundBody({ header, messages: [] }))
  })

  test.each([
    ['a field', { ...generate, ['x'.repeat(200_000)]: 1 }],
    ['no text', { ...generate, ['\ud800\0']: 1 }],
    ['a field of a source', { ...signing, scheme: 'ecdsa', source: { kind: 'setup', ['y'.repeat(200_000)]: 1 } }],
  ])('a name of %s that is as long as the request does not come back, nor is it kept', async (_, header) => {
    const answer = await client.send('POST', firstRound, encodeRoundBody({ header, messages: [] }))
    expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_REQUEST'])
    expect(answer.body.length).toBeLessThan(200)
    expect(await contents()).toBe(before)
  })

  test('a label and a message of the greatest length are taken as far as the messages', async () => {
    await expectRefused(firstRound, encodeRoundBody({ header: { ...generate, label: 'x'.repeat(128) }, messages: [] }))
    const operation = sign(client, wallet.signing, 'ed25519', 'x'.repeat(64 * 1024))
    expect((await operation.post()).status).toBe(200)
  })
})

describe('round bodies', () => {
  const valid = encodeRoundBody({ header: generate, messages: [] })
  const message: SessionMessage = { sessionIndex: 0, envelope: Uint8Array.of(1) }
  test.each([
    ['an empty body', new Uint8Array()],
    ['a byte too few', valid.slice(0, -1)],
    ['a byte too many', concatBytes(valid, Uint8Array.of(0))],
    ['a header that is not JSON', concatBytes(Uint8Array.of(1, 0, 0, 0, 1), utf8('{'), Uint8Array.of(0))],
    ['a header that is not UTF-8', Uint8Array.of(1, 0, 0, 0, 1, 0xff, 0)],
    ['a header length beyond the end', Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff)],
    ['random bytes', concatBytes(Uint8Array.of(1), seededRandom('flights')(300))],
    ['no messages', valid],
    [
      'a message that is no envelope',
      encodeRoundBody({ header: generate, messages: [message, { ...message, sessionIndex: 1 }] }),
    ],
    ['a body over the limit', new Uint8Array(5 * 1024 * 1024 + 1)],
  ])('%s', async (_, body) => {
    await expectRefused(firstRound, body)
  })

  test('another version, with a code of its own', async () => {
    for (const version of [0, 2, 255]) {
      const answer = await client.send('POST', firstRound, valid.with(0, version))
      expect([answer.status, codeOf(answer)]).toEqual([400, 'PROTOCOL_VERSION_UNSUPPORTED'])
      expect(fromUtf8(answer.body)).toContain(version > 1 ? 'this server is older' : 'the client is older')
    }
    expect(await contents()).toBe(before)
  })

  test.each([['text/plain'], ['application/json'], [`${ROUND_CONTENT_TYPE}; charset=utf-8`]])(
    'content type %s',
    async (type) => {
      await expectRefused(firstRound, valid, { type })
    },
  )

  test('a later header that is not empty', async () => {
    for (const header of [generate, { round: 2 }, []]) {
      await expectRefused(paths.round(operationId, 2), encodeRoundBody({ header, messages: [] }))
    }
  })

  test('a body that lies about its length is stopped at the limit', async () => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65536
        controller.enqueue(new Uint8Array(65536))
      },
    })
    const answer = await world.server().fetch(
      new Request(`http://server.test${firstRound}`, {
        method: 'POST',
        headers: { 'x-test-client': client.clientId, 'content-type': ROUND_CONTENT_TYPE, 'content-length': '10' },
        body,
        duplex: 'half',
      } as RequestInit),
    )
    expect(answer.status).toBe(400)
    expect(sent).toBeLessThan(DEFAULT_LIMITS.bodyBytes + 1024 * 1024)
  })

  test('prove: messages where none belong, or too few proofs', async () => {
    const request = { kind: 'prove', walletId: wallet.walletId, setId: setIdOf(wallet.signing) } as const
    const first = (id: string, messages: SessionMessage[]) =>
      firstFlight(id, request, messages, wallet.signing.shares[0]!, world.random)
    await expectRefused(firstRound, first(operationId, [message]))
    const begun = 'cd'.repeat(16)
    expect((await client.send('POST', paths.round(begun, 1), first(begun, []))).status).toBe(200)
    before = await contents()
    for (const messages of [[], [message], [message, message], [message, { ...message, sessionIndex: 2 }]]) {
      await expectRefused(paths.round('cd'.repeat(16), 2), encodeRoundBody({ header: {}, messages }))
    }
  })
})

describe('paths', () => {
  const body = encodeRoundBody({ header: generate, messages: [] })
  test.each([
    ['/v1/operations/xyz/rounds/1'],
    [`/v1/operations/${'AB'.repeat(16)}/rounds/1`],
    [`/v1/operations/${'ab'.repeat(17)}/rounds/1`],
    [`/v1/operations/${operationId}/rounds/0`],
    [`/v1/operations/${operationId}/rounds/10`],
    [`/v1/operations/${operationId}/rounds/1.0`],
    [`/v1/operations/${operationId}/rounds/x`],
  ])('POST %s', (path) => expectRefused(path, body))

  test.each([
    ['POST', '/v1/operations/xyz/abort'],
    ['POST', '/v1/sets/xyz/retire'],
    ['POST', `/v1/sets/${'ab'.repeat(16)}/confirm`],
    ['GET', '/v1/joins/xyz/rounds/1'],
    ['GET', `/v1/joins/${operationId}/rounds/0`],
    ['GET', '/v1/sets/xyz'],
    ['GET', `/v1/sets/${"'".repeat(64)}`],
    ['GET', '/v1/wallets/xyz/sets'],
    ['GET', `/v1/wallets/${'ab'.repeat(32)}/sets`],
  ])('%s %s', (method, path) => expectRefused(path, undefined, { method }))

  test.each([[paths.abort(operationId)], [paths.retire('02'.repeat(32))], [paths.confirm('02'.repeat(32))]])(
    'a body where none belongs: POST %s',
    (path) => expectRefused(path, utf8('{}'), { type: 'application/json' }),
  )

  test.each([
    ['GET', firstRound],
    ['DELETE', '/v1/sets/00'],
    ['GET', '/v1/'],
    ['GET', '/'],
    ['POST', '/v2/operations'],
  ])('no such endpoint: %s %s', async (method, path) => {
    const answer = await client.send(method, path)
    expect([answer.status, codeOf(answer)]).toEqual([404, 'BAD_REQUEST'])
  })
})

test('limits are the options’', async () => {
  const server = world.server({ limits: { bodyBytes: 2000, labelLength: 3, messageBytes: 4 } })
  const strict = serverClient((request) => server.fetch(request), client.clientId, world.random)
  const refused = async (header: object, padding = 0) => {
    const messages = padding === 0 ? [] : [{ sessionIndex: 0, envelope: new Uint8Array(padding) }]
    const answer = await strict.send('POST', firstRound, encodeRoundBody({ header, messages }))
    return (JSON.parse(new TextDecoder().decode(answer.body)) as { error: { message: string } }).error.message
  }
  expect(await refused({ ...generate, label: 'four' })).toContain('label')
  expect(await refused({ ...signing, message: toHex(utf8('12345')) })).toContain('message')
  expect(await refused({ ...generate, label: '' }, 2000)).toContain('2000 bytes')
})
