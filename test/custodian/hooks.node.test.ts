import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { custodianPaths } from '../../src/wire/export.ts'
import { getGroup } from '../../src/curve/index.ts'
import { createCustodian, type CustodianApp, type CustodianOptions } from '../../src/custodian/index.ts'
import { MpcError } from '../../src/errors.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import type { Database } from '../../src/service/database/types.ts'
import { encodeWalletShares } from '../../src/key-share/index.ts'
import { toBase64, toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { walletPair, type WalletPair } from '../support/wallet-pair.ts'

const SECRET = 'webhook-secret-of-the-tests'
const USER = { userId: 'ann', clientId: 'client ann' }
/** So short that a test may wait for it, and never too short: what is waited for never comes. */
const HOOK_MS = 20

const random = seededRandom()
let database: Database
let backup: WalletPair
let time = Date.UTC(2026, 0, 1)
const errors: unknown[] = []
beforeAll(async () => {
  database = pgliteDatabase()
  backup = walletPair('backup', random)
  const share = toBase64(encodeWalletShares(getGroup, backup.other))
  const body = { clientId: USER.clientId, backupMethod: 'PASSWORD', share, setId: toHex(backup.client.setId) }
  expect((await post(custodian(), '/backup', body)).status).toBe(200)
})
afterAll(() => database.close())

function custodian(options: Partial<CustodianOptions> = {}): CustodianApp {
  return createCustodian({
    database,
    webhookSecret: SECRET,
    masterKey: utf8('the custodian key of these tests'),
    authenticateUser: () => USER,
    authorizeExport: () => true,
    onError: (error) => errors.push(error),
    now: () => time,
    random,
    ...options,
    limits: { rates: null, hookMs: HOOK_MS, ...options.limits },
  })
}

async function post(app: CustodianApp, path: string, body: unknown) {
  const headers = { 'x-webhook-secret': SECRET, 'content-type': 'application/json' }
  const request = { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = await app.fetch(new Request(`http://app.test${path}`, request))
  const json = (await answer.json()) as { error?: { id: string } }
  return { status: answer.status, code: json.error?.id ?? 'OK' }
}

const begin = (app: CustodianApp) =>
  post(app, custodianPaths.challenge(toHex(random(16))), {
    setId: toHex(backup.client.setId),
    curve: 'ed25519',
    authorization: 'a code',
    receiver: toHex(generateKeyPair(random).publicKey),
  })
const told = () => errors.splice(0).map((error) => (error as Error).message)

function raise(error: unknown): never {
  throw error
}

const FAILURES: [string, () => never][] = [
  ['throws', () => raise(new Error('down'))],
  ['throws an error with a code', () => raise(new MpcError('AUTH_FAILED', 'from the hook'))],
  ['throws nothing', () => raise(undefined)],
  ['rejects', () => Promise.reject(new Error('down')) as never],
  ['never answers', () => new Promise(() => undefined) as never],
]

test.each(FAILURES)('authenticateUser that %s lets nobody in, says nothing, and is told of', async (_, fail) => {
  expect(await begin(custodian({ authenticateUser: fail }))).toEqual({ status: 503, code: 'INTERNAL' })
  expect(told()).toEqual(['the hook authenticateUser has failed'])
})

test.each<[string, unknown]>([
  ['true', true],
  ['no client', { userId: 'ann' }],
  ['nothing of its own', Object.create(USER)],
  ['names that are none', { userId: 'ann', clientId: ['client ann'] }],
])('authenticateUser that answers %s lets nobody in', async (_, answer) => {
  expect(await begin(custodian({ authenticateUser: () => answer as never }))).toEqual({ status: 500, code: 'INTERNAL' })
  expect(told()).toHaveLength(1)
})

test.each([undefined, null, false])('authenticateUser that answers %s does not know the user', async (answer) => {
  expect(await begin(custodian({ authenticateUser: () => answer as never }))).toMatchObject({ code: 'AUTH_FAILED' })
  expect(told()).toEqual([])
})

test('each name is read once, and a user is who was let in, whatever becomes of the object', async () => {
  const user = { ...USER }
  let read = 0
  Object.defineProperty(user, 'clientId', { get: () => (read++ === 0 ? USER.clientId : 'client bob') })
  const asked: unknown[] = []
  const app = custodian({
    authenticateUser: () => user,
    authorizeExport: (by) => (asked.push({ ...by }), Object.assign(by, { clientId: 'client bob' }), true),
  })
  expect(await begin(app)).toMatchObject({ code: 'OK' })
  expect(asked).toEqual([USER])
  const kept = await database.query(`select 1 from reshare_custodian_exports where client_id = 'client bob'`)
  expect(kept).toEqual([])
})

test.each(FAILURES)('authorizeExport that %s denies, is told of, and counts', async (_, fail) => {
  time += 24 * 60 * 60_000
  const app = custodian({ authorizeExport: fail, limits: { lockOut: { failures: 2, withinMs: 1000, lockedMs: 1000 } } })
  const codes = [await begin(app), await begin(app), await begin(app)].map(({ code }) => code)
  expect(codes).toEqual(['POLICY_DENIED', 'POLICY_DENIED', 'RATE_LIMITED'])
  expect(told()).toEqual(Array(2).fill('the hook authorizeExport has failed'))
})

test('the console is told where the app has no log, and what a log that throws does not take', async () => {
  const console_ = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  try {
    const down = { authorizeExport: () => raise(new Error('down')) }
    time += 24 * 60 * 60_000
    for (const onError of [undefined, () => raise(new Error('no log'))]) {
      expect(await begin(custodian({ ...down, onError: onError as never }))).toMatchObject({ code: 'POLICY_DENIED' })
    }
    const messages = console_.mock.calls.map(([error]) => (error as Error).message)
    const failed = 'the hook authorizeExport has failed'
    expect(messages).toEqual([failed, failed, 'no log'])
  } finally {
    console_.mockRestore()
  }
})

test.each<[string, object]>([
  ['a log that is no function', { onError: {} }],
  ['a clock that is no function', { now: 1 }],
  ['a source that is no function', { random: 1 }],
])('refuses %s', (_, options) => {
  expect(() => custodian(options)).toThrow(TypeError)
})

test('an answer of the clock or the source that is none begins nothing', async () => {
  for (const options of [{ now: () => Number.NaN }, { random: () => new Uint8Array(31) }]) {
    expect(await begin(custodian(options))).toEqual({ status: 500, code: 'INTERNAL' })
    expect(told().length).toBeGreaterThan(0)
  }
})

test.each([0, Infinity, 1.5])('refuses a time of %s for hooks and requests', (ms) => {
  expect(() => custodian({ limits: { hookMs: ms } })).toThrow(RangeError)
  expect(() => custodian({ limits: { requestMs: ms } })).toThrow(RangeError)
})

test('a request that a database never answers is answered, for the caller to send again', async () => {
  const hanging = { ...database, query: () => new Promise<never>(() => undefined) }
  const app = custodian({ database: hanging, limits: { requestMs: 20 } })
  const body = { clientId: USER.clientId, setId: 'ab'.repeat(32) }
  expect(await post(app, '/backup/fetch', body)).toEqual({ status: 503, code: 'INTERNAL' })
  expect(told()).toContain('the request took too long')
})
