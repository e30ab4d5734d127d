import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCustodian, webhookCustodian, type CustodianApp } from '../../src/custodian/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { toBase64, utf8 } from '../../src/util/bytes.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { NOT_IDS, NOT_TEXTS } from '../support/texts.ts'

const SECRET = 'webhook-secret-of-the-tests'
const SET = '5e'.repeat(32)
const OTHER_SET = '5f'.repeat(32)
const USER_HEADER = 'x-test-user'

describe.each(chosenDatabases('custodian/handler'))('the custodian handler on $name', ({ open }) => {
  const random = seededRandom()
  let database: Database
  let app: CustodianApp
  let errors: unknown[]
  const options = () => ({
    database,
    webhookSecret: SECRET,
    masterKey: utf8('the custodian key of these tests'),
    authenticateUser: (request: Request) => {
      const name = request.headers.get(USER_HEADER)
      return name ? { userId: `user ${name}`, clientId: `client ${name}` } : undefined
    },
    allowedOrigins: ['https://app.test'],
    onError: (error: unknown) => errors.push(error),
    random,
  })
  beforeAll(async () => {
    database = await open()
    errors = []
    app = createCustodian(options())
    await call('POST', '/backup/fetch', { body: { clientId: 'nobody' } })
  })
  afterAll(() => database.close())

  interface Call {
    readonly body?: unknown
    readonly raw?: string
    readonly secret?: string | null
    readonly user?: string
    readonly type?: string | null
  }

  async function call(method: string, path: string, options: Call = {}) {
    const { body, raw, secret = SECRET, user, type = 'application/json' } = options
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const headers = new Headers({
      ...(secret !== null && { 'x-webhook-secret': secret }),
      ...(user && { [USER_HEADER]: user }),
      ...(type !== null && { 'content-type': type }),
    })
    const answer = await app.fetch(
      new Request(`https://app.test${path}`, {
        method,
        headers,
        ...(text !== undefined && { body: type === null ? (utf8(text) as Uint8Array<ArrayBuffer>) : text }),
      }),
    )
    const content = await answer.text()
    return { status: answer.status, json: content === '' ? undefined : (JSON.parse(content) as unknown) }
  }

  const share = () => toBase64(random(40))
  const usersPath = (name: string) => `/users/${encodeURIComponent(`user ${name}`)}/encrypted-user-backup-shares`
  const clientsPath = (name: string) => `/clients/${encodeURIComponent(`client ${name}`)}/backup`

  test('keeps every half of a client, once, in the order they came', async () => {
    const [first, second] = [share(), share()]
    for (const one of [first, second, first]) {
      const body = { clientId: 'client halves', backupMethod: 'PASSWORD', share: one, setId: SET }
      expect(await call('POST', '/backup', { body })).toEqual({ status: 200, json: {} })
    }
    expect(await call('POST', '/backup/fetch', { body: { clientId: 'client halves' } })).toEqual({
      status: 200,
      json: { backupShares: [first, second] },
    })
    expect(await call('POST', '/backup/fetch', { body: { clientId: 'another' } })).toMatchObject({
      json: { backupShares: [] },
    })
  })

  test('gives and removes the halves of one set, of one client', async () => {
    for (const clientId of ['sets a', 'sets b']) {
      for (const setId of [SET, OTHER_SET]) {
        await call('POST', '/backup', { body: { clientId, backupMethod: 'CUSTOM', share: share(), setId } })
      }
    }
    const count = async (clientId: string, setId?: string) => {
      const { json } = await call('POST', '/backup/fetch', { body: { clientId, ...(setId && { setId }) } })
      return (json as { backupShares: string[] }).backupShares.length
    }
    expect([await count('sets a'), await count('sets a', SET)]).toEqual([2, 1])
    const removal = { body: { clientId: 'sets a', setId: SET } }
    for (const _ of [1, 2]) expect(await call('POST', '/backup/delete', removal)).toEqual({ status: 200, json: {} })
    expect([await count('sets a'), await count('sets a', SET), await count('sets b', SET)]).toEqual([1, 0, 1])
  })

  test('the same half of two clients is two rows, and none lies in the clear', async () => {
    const one = share()
    for (const clientId of ['twin a', 'twin b']) {
      await call('POST', '/backup', { body: { clientId, backupMethod: 'PASSKEY', share: one, setId: SET } })
      expect((await call('POST', '/backup/fetch', { body: { clientId } })).json).toEqual({ backupShares: [one] })
    }
    const rows = await database.query('select sealed from reshare_custodian_shares')
    for (const row of rows) expect(toBase64(row['sealed'] as Uint8Array)).not.toContain(one.slice(4, -4))
  })

  test('a half moved to another client does not open', async () => {
    const body = { clientId: 'victim', backupMethod: 'PASSWORD', share: share(), setId: SET }
    await call('POST', '/backup', { body })
    await database.query(`update reshare_custodian_shares set client_id = 'thief' where client_id = 'victim'`)
    expect((await call('POST', '/backup/fetch', { body: { clientId: 'thief' } })).status).toBe(422)
    await database.query(`delete from reshare_custodian_shares where client_id = 'thief'`)
  })

  test.each([['wrong'], [''], [`${SECRET}x`], [SECRET.slice(0, -1)], [null]])(
    'the webhook secret %j lets nobody in',
    async (secret) => {
      const body = { clientId: 'nobody', backupMethod: 'PASSWORD', share: share(), setId: SET }
      for (const path of ['/backup', '/backup/fetch', '/backup/delete']) {
        expect(await call('POST', path, { body, secret })).toEqual({
          status: 401,
          json: { error: { id: 'AUTH_FAILED', message: 'not authorized', retryable: false } },
        })
      }
      expect((await call('POST', '/backup/fetch', { body: { clientId: 'nobody' } })).json).toEqual({ backupShares: [] })
    },
  )

  test('gives each user the newest cipherText by method, and each client its newest', async () => {
    const put = async (backupMethod: string, cipherText: string) =>
      expect(await call('PUT', usersPath('ann'), { user: 'ann', body: { backupMethod, cipherText } })).toEqual({
        status: 204,
        json: undefined,
      })
    const get = async (method: string) =>
      (await call('GET', `${usersPath('ann')}?backupMethod=${method}`, { user: 'ann' })).json
    await put('PASSWORD', 'one')
    await put('PASSKEY', 'two')
    expect(await get('PASSWORD')).toEqual({ cipherText: 'one' })
    expect((await call('GET', clientsPath('ann'), { user: 'ann' })).json).toEqual({ cipherText: 'two' })
    await put('PASSWORD', 'three')
    expect(await get('PASSWORD')).toEqual({ cipherText: 'three' })
    expect(await get('PASSKEY')).toEqual({ cipherText: 'two' })
    expect((await call('GET', clientsPath('ann'), { user: 'ann' })).json).toEqual({ cipherText: 'three' })
  })

  test('what is not there is SHARE_NOT_FOUND', async () => {
    for (const path of [`${usersPath('new')}?backupMethod=PASSWORD`, clientsPath('new')]) {
      const { status, json } = await call('GET', path, { user: 'new' })
      expect([status, json]).toEqual([
        404,
        { error: { id: 'SHARE_NOT_FOUND', message: 'no backup is stored here', retryable: false } },
      ])
    }
  })

  test('a user reaches only own rows, and is told nothing of others', async () => {
    await call('PUT', usersPath('bob'), { user: 'bob', body: { backupMethod: 'PASSWORD', cipherText: 'of bob' } })
    const body = { backupMethod: 'PASSWORD', cipherText: 'of eve' }
    const answers = []
    for (const target of ['bob', 'nobody at all']) {
      answers.push(await call('GET', `${usersPath(target)}?backupMethod=PASSWORD`, { user: 'eve' }))
      answers.push(await call('GET', clientsPath(target), { user: 'eve' }))
      answers.push(await call('PUT', usersPath(target), { user: 'eve', body }))
    }
    answers.push(await call('GET', clientsPath('bob')))
    for (const answer of answers) {
      expect(answer).toEqual({
        status: 401,
        json: { error: { id: 'AUTH_FAILED', message: 'not authorized', retryable: false } },
      })
    }
    const { json } = await call('GET', `${usersPath('bob')}?backupMethod=PASSWORD`, { user: 'bob' })
    expect(json).toEqual({ cipherText: 'of bob' })
  })

  const backup = { clientId: 'bad', backupMethod: 'PASSWORD', share: 'AAAA', setId: SET }
  const cipher = { backupMethod: 'PASSWORD', cipherText: 'text' }
  const bad = (good: object, field: string, values: unknown[]) => values.map((value) => ({ ...good, [field]: value }))
  test.each([
    [
      'POST /backup',
      [
        ...bad(backup, 'clientId', [undefined, null, 7, ...NOT_IDS]),
        ...bad(backup, 'backupMethod', [undefined, 'password', 'FTP']),
        ...bad(backup, 'share', [undefined, 7, '', 'AAA', 'AAB=', 'AA==!', 'A'.repeat(65540)]),
        ...bad(backup, 'extra', [1]),
        [],
        'text',
        7,
      ],
    ],
    [
      'POST /backup/fetch',
      [
        {},
        ...NOT_IDS.map((clientId) => ({ clientId })),
        { clientId: 7 },
        { clientId: 'x', extra: 1 },
        { clientId: 'x', setId: 'y' },
        null,
      ],
    ],
    [
      'POST /backup/delete',
      [
        {},
        { clientId: 'cut \ud83d', setId: SET },
        { clientId: 'x' },
        { clientId: 'x', setId: SET.slice(2) },
        { setId: SET },
        null,
      ],
    ],
    [
      `PUT ${usersPath('cat')}`,
      [
        ...bad(cipher, 'backupMethod', [undefined, 'password']),
        ...bad(cipher, 'cipherText', [undefined, '', 7, 'x'.repeat(128 * 1024 + 1), ...NOT_TEXTS]),
        ...bad(cipher, 'extra', [1]),
      ],
    ],
  ])('bad input to %s changes nothing', async (endpoint, bodies) => {
    const [method, path] = endpoint.split(' ') as [string, string]
    const count = async () => [
      await database.query('select count(*)::int as n from reshare_custodian_shares'),
      await database.query('select count(*)::int as n from reshare_custodian_ciphertexts'),
    ]
    const before = await count()
    for (const body of bodies) {
      const { status, json } = await call(method, path, { body, user: 'cat' })
      expect([body, status, (json as { error: { id: string } }).error.id]).toEqual([body, 400, 'BAD_REQUEST'])
    }
    for (const raw of ['', '{', '\u0000', 'x'.repeat(300 * 1024)]) {
      expect((await call(method, path, { raw, user: 'cat' })).status).toBe(400)
    }
    expect(await count()).toEqual(before)
  })

  test('a user whom the app names by no text of the rule reaches nothing', async () => {
    const named = { userId: 'u', clientId: 'c' }
    const before = errors.length
    for (const id of [...NOT_IDS, undefined, 7]) {
      for (const user of [
        { ...named, userId: id },
        { ...named, clientId: id },
      ]) {
        const custodian = createCustodian({ ...options(), authenticateUser: () => user as typeof named })
        const path = '/users/u/encrypted-user-backup-shares?backupMethod=PASSWORD'
        const answer = await custodian.fetch(new Request(`http://app.test${path}`))
        expect([user, answer.status]).toEqual([user, 500])
      }
    }
    expect(errors.length - before).toBe(2 * (NOT_IDS.length + 2))
    errors.length = before
  })

  test.each([
    null,
    '',
    'text/plain',
    'text/plain;charset=UTF-8',
    'text/plain; application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
    'application/jsonp',
  ])('a body of the type %j, which a page of any origin may send, is refused', async (type) => {
    const bodies: [string, string, object][] = [
      ['POST', '/backup', { clientId: 'simple', backupMethod: 'PASSWORD', share: share(), setId: SET }],
      ['POST', '/backup/fetch', { clientId: 'simple' }],
      ['POST', '/backup/delete', { clientId: 'simple', setId: SET }],
      ['PUT', usersPath('simple'), { backupMethod: 'PASSWORD', cipherText: 'text' }],
      ['POST', `/v1/exports/${'ab'.repeat(16)}/challenge`, {}],
      ['POST', `/v1/exports/${'ab'.repeat(16)}/share`, { proof: 'ab'.repeat(64) }],
    ]
    for (const [method, path, body] of bodies) {
      const refusal = { id: 'BAD_REQUEST', message: 'the content type must be application/json', retryable: false }
      const answer = await call(method, path, { body, user: 'simple', type })
      expect([path, answer]).toEqual([path, { status: 400, json: { error: refusal } }])
    }
  })

  test.each(['application/json', 'Application/JSON; charset=utf-8'])('a body of the type %s is read', async (type) => {
    const body = { clientId: 'simple' }
    expect((await call('POST', '/backup/fetch', { body, type })).json).toEqual({ backupShares: [] })
  })

  test.each([[''], ['?backupMethod='], ['?backupMethod=password']])('a query of %j is refused', async (query) => {
    expect((await call('GET', usersPath('cat') + query, { user: 'cat' })).status).toBe(400)
  })

  test('unknown endpoints, and none for browsers but the clients’', async () => {
    expect((await call('GET', '/backup')).status).toBe(404)
    const preflight = (path: string) =>
      app.fetch(
        new Request(`https://app.test${path}`, {
          method: 'OPTIONS',
          headers: { origin: 'https://app.test', 'access-control-request-method': 'PUT' },
        }),
      )
    expect((await preflight(usersPath('ann'))).headers.get('access-control-allow-origin')).toBe('https://app.test')
    expect((await preflight('/backup')).headers.get('access-control-allow-origin')).toBeNull()
  })

  test('the webhook client and the handler understand each other', async () => {
    const custodian = webhookCustodian({ url: 'https://app.test/', secret: SECRET, fetch: inProcess })
    const half = random(700)
    await custodian.store({ clientId: 'round trip', backupMethod: 'ICLOUD', setId: SET, share: half })
    await custodian.store({ clientId: 'round trip', backupMethod: 'ICLOUD', setId: SET, share: half })
    expect(await custodian.fetch('round trip', SET)).toEqual([half])
    expect(await custodian.fetch('round trip', OTHER_SET)).toEqual([])
    await custodian.delete?.('round trip', OTHER_SET)
    expect(await custodian.fetch('round trip', SET)).toEqual([half])
    for (const _ of [1, 2]) await custodian.delete?.('round trip', SET)
    expect(await custodian.fetch('round trip', SET)).toEqual([])
    const stranger = webhookCustodian({ url: 'https://app.test', secret: 'some-other-secret-here', fetch: inProcess })
    await expect(stranger.fetch('round trip', SET)).rejects.toMatchObject({ code: 'WEBHOOK_FAILED', retryable: false })
  })

  const inProcess: typeof fetch = (input, init) => app.fetch(new Request(input, init))

  test.each([
    ['database', undefined, TypeError],
    ['authenticateUser', undefined, TypeError],
    ['webhookSecret', undefined, TypeError],
    ['webhookSecret', 'too short', TypeError],
    ['masterKey', undefined, TypeError],
    ['masterKey', new Uint8Array(16), RangeError],
  ])('the option %s = %j is refused', (name, value, kind) => {
    expect(() => createCustodian({ ...options(), [name]: value })).toThrow(kind)
  })

  test('nothing of all this was an unexpected failure', () => {
    expect(errors).toEqual([])
  })
})
