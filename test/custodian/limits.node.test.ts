import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { custodianPaths, exportTerms } from '../../src/wire/export.ts'
import { getGroup } from '../../src/curve/index.ts'
import { createCustodian, type CustodianApp, type CustodianOptions } from '../../src/custodian/index.ts'
import { MpcError } from '../../src/errors.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { proveExport } from '../../src/protocol/export/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import type { Database } from '../../src/service/database/types.ts'
import { encodeWalletShares, type KeyShare } from '../../src/key-share/index.ts'
import { fromHex, toBase64, toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { walletPair, type WalletPair } from '../support/wallet-pair.ts'

const SECRET = 'webhook-secret-of-the-tests'
const USER_HEADER = 'x-test-user'
const HOUR = 60 * 60_000
const CODE = 'the right code'

const random = seededRandom()
let database: Database
let time = Date.UTC(2026, 0, 1)
let asked: number
let errors: string[]
let backups: Record<'ann' | 'bob', WalletPair>
type User = keyof typeof backups

beforeAll(async () => {
  database = pgliteDatabase()
  backups = { ann: walletPair('backup', random), bob: walletPair('backup', random) }
  for (const [user, pair] of Object.entries(backups)) await store(user as User, pair)
})
beforeEach(async () => {
  asked = 0
  errors = []
  time += 48 * HOUR
  await custodian().sweep()
  expect(await rows('reshare_custodian_rates')).toBe(0)
})
afterAll(() => database.close())

/** A process of the app's backend: of several, all on one database. */
function custodian(limits?: CustodianOptions['limits'], options: Partial<CustodianOptions> = {}): CustodianApp {
  return createCustodian({
    database,
    webhookSecret: SECRET,
    masterKey: utf8('the custodian key of these tests'),
    authenticateUser: ({ headers }) => {
      const name = headers.get(USER_HEADER)
      return name ? { userId: `user ${name}`, clientId: `client ${name}` } : undefined
    },
    authorizeExport: (_, { authorization }) => ++asked > 0 && authorization === CODE,
    onError: (error) => errors.push(String(error)),
    allowedOrigins: ['https://app.test'],
    now: () => time,
    random,
    ...(limits && { limits }),
    ...options,
  })
}

async function store(user: User, { client, other }: WalletPair): Promise<void> {
  const share = toBase64(encodeWalletShares(getGroup, other))
  const body = { clientId: `client ${user}`, backupMethod: 'PASSWORD', share, setId: toHex(client.setId) }
  expect((await post(custodian(), '/backup', body)).status).toBe(200)
}

async function post(app: CustodianApp, path: string, body: unknown, user?: User) {
  const json = { 'content-type': 'application/json', origin: 'https://app.test' }
  const headers = { ...json, 'x-webhook-secret': SECRET, ...(user && { [USER_HEADER]: user }) }
  const request = { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = await app.fetch(new Request(`https://app.test${path}`, request))
  const content = (await answer.json()) as { challenge?: string; sealed?: string; error?: { id: string } }
  return { status: answer.status, headers: answer.headers, json: content, code: content.error?.id ?? 'OK' }
}

const rows = async (table: string): Promise<number> => (await database.query(`select 1 from ${table}`)).length

/** One export by a user; a wrong proof is one by somebody who has all but the client's share. */
function newExport(user: User, authorization = CODE) {
  const { client } = backups[user]
  const { receiver, keyPair } = newReceiver()
  const exportId = toHex(random(16))
  const share = client.shares[0] as KeyShare
  const group = getGroup(share.record.curve)
  const terms = exportTerms(group, share.record, exportId, keyPair.publicKey)
  const body = { setId: toHex(client.setId), curve: share.record.curve, authorization, receiver }
  let challenge: string | undefined
  return {
    async begin(app: CustodianApp, changed: object = {}) {
      const answer = await post(app, custodianPaths.challenge(exportId), { ...body, ...changed }, user)
      challenge = answer.json.challenge
      return answer
    },
    async end(app: CustodianApp, kind: 'right' | 'wrong' = 'right') {
      const own = kind === 'right' ? share : { ...share, secretShare: group.randomScalar(random) }
      const proof = toHex(proveExport(terms, { share: own, challenge: fromHex(challenge!), random }))
      return (await post(app, custodianPaths.share(exportId), { proof }, user)).code
    },
  }
}

function newReceiver() {
  const keyPair = generateKeyPair(random)
  return { keyPair, receiver: toHex(keyPair.publicKey) }
}

const begin = async (app: CustodianApp, user: User = 'ann', authorization = CODE) =>
  (await newExport(user, authorization).begin(app)).code

async function fail(app: CustodianApp): Promise<void> {
  const one = newExport('ann')
  expect((await one.begin(app)).code).toBe('OK')
  expect(await one.end(app, 'wrong')).toBe('PROTOCOL_ABORTED')
}

function raise(error: unknown): never {
  throw error
}

const twoAnHour = { rates: { export: { count: 2, perMs: HOUR } } }
const lockOut = { failures: 3, withinMs: HOUR, lockedMs: 2 * HOUR }

test('all processes count exports together, and say when to come back; nobody is asked for those over the rate', async () => {
  const [one, other] = [custodian(twoAnHour), custodian(twoAnHour)]
  expect([await begin(one), await begin(other)]).toEqual(['OK', 'OK'])
  time += 1234
  const refused = newExport('ann')
  const { status, headers, json } = await refused.begin(one)
  expect([status, headers.get('retry-after')]).toEqual([429, '3599'])
  expect(headers.get('access-control-expose-headers')).toBe('retry-after')
  const message = 'too many operations of this kind (export): try again later'
  expect(json.error).toEqual({ id: 'RATE_LIMITED', message, retryable: true, retryAfterMs: HOUR - 1234 })
  expect([asked, await rows('reshare_custodian_exports')]).toEqual([2, 2])
  expect(await begin(other, 'bob')).toBe('OK')
  time += HOUR - 1234
  expect((await refused.begin(other)).code).toBe('OK')
})

test('of many at once as many begin as may', async () => {
  const app = custodian({ ...twoAnHour, lockOut: null })
  const codes = await Promise.all(Array.from({ length: 4 }, () => begin(app)))
  expect(codes.sort()).toEqual(['OK', 'OK', 'RATE_LIMITED', 'RATE_LIMITED'])
  expect(await rows('reshare_custodian_exports')).toBe(2)
})

test('whoever is asked, and whatever comes of it, costs the rate before', async () => {
  const [one, other] = [newExport('ann'), newExport('ann')]
  const once = { rates: { export: { count: 1, perMs: HOUR } } }
  const codes: string[] = []
  const authorizeExport = async () => {
    codes.push((await one.begin(custodian(once))).code)
    return true
  }
  expect((await other.begin(custodian(once, { authorizeExport }))).code).toBe('OK')
  expect(codes).toEqual(['RATE_LIMITED'])
  expect(await rows('reshare_custodian_exports')).toBe(1)
})

test('a repeated request is not counted, nor what is not there; what is not allowed is', async () => {
  const app = custodian(twoAnHour)
  const one = newExport('ann')
  for (let i = 0; i < 3; i++) expect((await one.begin(app)).code).toBe('OK')
  expect((await newExport('ann').begin(app, { setId: '5e'.repeat(32) })).code).toBe('AUTH_FAILED')
  expect(await begin(app, 'ann', 'a wrong code')).toBe('POLICY_DENIED')
  expect([await begin(app), asked]).toEqual(['RATE_LIMITED', 2])
  expect(await one.end(app)).toBe('OK')
})

test('five exports a day and five failures an hour unless said otherwise; null is none', async () => {
  const app = custodian()
  const codes: string[] = []
  for (let i = 0; i < 6; i++) codes.push(await begin(app))
  expect(codes).toEqual([...Array<string>(5).fill('OK'), 'RATE_LIMITED'])
  for (let i = 0; i < 6; i++) await fail(custodian({ rates: null, lockOut: null }))
  expect(await begin(app, 'bob', 'a wrong code')).toBe('POLICY_DENIED')
  for (let i = 0; i < 5; i++) codes.push(await begin(app, 'bob', 'a wrong code'))
  expect(codes.slice(-2)).toEqual(['POLICY_DENIED', 'RATE_LIMITED'])
})

test('failed proofs lock a backup out of new exports, whichever process saw them, and no other', async () => {
  const other = walletPair('backup', random)
  await store('ann', other)
  const apps = [custodian({ rates: null, lockOut }), custodian({ rates: null, lockOut })] as const
  const before = newExport('ann')
  await before.begin(apps[0])
  for (let i = 0; i < lockOut.failures; i++) await fail(apps[(i % 2) as 0 | 1])
  const known = await newExport('ann').begin(apps[0])
  expect([known.status, known.headers.get('retry-after')]).toEqual([429, '7200'])
  expect((await newExport('ann').begin(apps[1], { setId: '5e'.repeat(32) })).code).toBe('AUTH_FAILED')
  expect((await newExport('ann').begin(apps[1], { setId: toHex(other.client.setId) })).code).toBe('OK')
  expect(known.json.error).toMatchObject({ id: 'RATE_LIMITED', message: 'locked after failed proofs: try again later' })
  expect(await begin(apps[0], 'bob')).toBe('OK')
  expect(await before.end(apps[1])).toBe('OK')
  time += lockOut.lockedMs - 1
  expect(await begin(apps[1])).toBe('RATE_LIMITED')
  time += 1
  expect(await begin(apps[1])).toBe('OK')
})

test('an export that is over is not judged again: the hook is not asked, and no failure counted', async () => {
  const app = custodian({ rates: null, lockOut })
  const one = newExport('ann')
  await one.begin(app)
  expect([await one.end(app), asked]).toEqual(['OK', 1])
  for (let i = 0; i < lockOut.failures + 1; i++) {
    expect((await one.begin(app, { authorization: 'a code that is used up' })).code).toBe('PROTOCOL_ABORTED')
  }
  expect([asked, await begin(app)]).toEqual([1, 'OK'])
})

test('nor is one that was denied, until it is forgotten; without a lock-out it is', async () => {
  const app = custodian({ rates: null, lockOut })
  const one = newExport('ann', 'a wrong code')
  expect((await one.begin(app)).code).toBe('POLICY_DENIED')
  for (const body of [{}, { authorization: CODE }]) expect((await one.begin(app, body)).code).toBe('PROTOCOL_ABORTED')
  expect([asked, await begin(app, 'ann', 'a wrong code'), await begin(app)]).toEqual([1, 'POLICY_DENIED', 'OK'])
  time += 5 * 60_000
  expect((await one.begin(app)).code).toBe('POLICY_DENIED')
  const open = custodian({ rates: null, lockOut: null })
  const other = newExport('bob', 'a wrong code')
  for (let i = 0; i < 2; i++) expect((await other.begin(open)).code).toBe('POLICY_DENIED')
})

test('an export that succeeds takes no failure back, and a key that fails adds none', async () => {
  const app = custodian({ rates: null, lockOut })
  await fail(app)
  await fail(app)
  const good = newExport('ann')
  expect([(await good.begin(app)).code, await good.end(app)]).toEqual(['OK', 'OK'])
  const unopened = newExport('ann')
  await unopened.begin(app)
  expect(await unopened.end(custodian({ lockOut }, { masterKey: utf8('another master key, 32 bytes ...') }))).not.toBe(
    'OK',
  )
  expect(await begin(app)).toBe('OK')
  await fail(app)
  expect(await begin(app)).toBe('RATE_LIMITED')
})

test.each<[string, () => never]>([
  ['throws', () => raise(new Error('down'))],
  ['throws an error of ours', () => raise(new MpcError('RATE_LIMITED', 'from the hook'))],
  ['throws nothing', () => raise(undefined)],
  ['rejects', () => Promise.reject(new Error('down')) as never],
])('a hook that %s on a wrong code gives no free try: it denies, costs the rate and counts', async (_, down) => {
  const authorizeExport: CustodianOptions['authorizeExport'] = (_user, { authorization }) => {
    asked += 1
    return authorization === CODE || down()
  }
  const app = custodian({ rates: null, lockOut }, { authorizeExport })
  for (let i = 0; i < lockOut.failures; i++) expect(await begin(app, 'ann', `${i}`)).toBe('POLICY_DENIED')
  expect([await begin(app), asked, errors.length]).toEqual(['RATE_LIMITED', lockOut.failures, lockOut.failures])
  time += lockOut.lockedMs
  const limited = custodian({ rates: { export: { count: 2, perMs: HOUR } }, lockOut: null }, { authorizeExport })
  const codes = await Promise.all(Array.from({ length: 4 }, (__, i) => begin(limited, 'ann', `${i}`)))
  expect(codes.sort()).toEqual(['POLICY_DENIED', 'POLICY_DENIED', 'RATE_LIMITED', 'RATE_LIMITED'])
  expect([asked, await begin(limited)]).toEqual([lockOut.failures + 2, 'RATE_LIMITED'])
})

test('codes are guessed no more often than may fail, at once too; without a hook nothing is counted', async () => {
  const app = custodian({ rates: null, lockOut })
  const deaf = custodian({ rates: null, lockOut }, { authorizeExport: undefined as never })
  for (let i = 0; i < 4; i++) expect(await begin(deaf)).toBe('POLICY_DENIED')
  const codes = await Promise.all(Array.from({ length: 5 }, () => begin(app, 'ann', 'a guess')))
  expect(asked).toBe(lockOut.failures)
  expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2)
})

test('a sweep forgets exports and counts whose time is over, and no others; the first request begins one', async () => {
  const app = custodian()
  await begin(app)
  await begin(app, 'bob', 'a wrong code')
  time += 5 * 60_000 - 1
  await app.sweep()
  expect([await rows('reshare_custodian_exports'), await rows('reshare_custodian_rates')]).toEqual([2, 6])
  time += 1
  await app.sweep()
  expect([await rows('reshare_custodian_exports'), await rows('reshare_custodian_rates')]).toEqual([0, 6])
  time += 24 * HOUR
  const swept = new Promise<void>((resolve) => {
    const query: Database['query'] = async (sql, parameters) => {
      const answer = await database.query(sql, parameters)
      if (sql.includes('delete from reshare_custodian_rates')) resolve()
      return answer
    }
    void post(custodian({}, { database: { ...database, query } }), '/backup/fetch', { clientId: 'nobody' })
  })
  await swept
  expect(await rows('reshare_custodian_rates')).toBe(0)
})

test.each<[string, object, new () => Error]>([
  ['a limit that there is not', { bodyBytes: 1 }, TypeError],
  ['a kind that there is not', { rates: { steal: { count: 1, perMs: 1 } } }, TypeError],
  ['a rate of nothing', { rates: { export: { count: 0, perMs: 1 } } }, RangeError],
  ['a lock-out without a time', { lockOut: { failures: 1, withinMs: 1 } }, RangeError],
])('refuses %s', (_, limits, error) => {
  expect(() => custodian(limits)).toThrow(error)
})
