import { describe, expect, test } from 'vitest'
import type { CustodianApp } from '../../src/custodian/index.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { usersPath, WEBHOOK_SECRET } from '../support/custodian-app.ts'
import { NOT_IDS, NOT_TEXTS } from '../support/texts.ts'
import { fileHandler } from './support/handler.ts'
import type { CustodianWorld } from './support/world.ts'

const SET = '5e'.repeat(32)

describe.each(chosenDatabases('custodian/handler'))('the custodian handler on $name', ({ open }) => {
  let world: CustodianWorld
  let app: CustodianApp
  const { call, share } = fileHandler(open, (made) => ({ world, app } = made))

  test.each([['wrong'], [''], [`${WEBHOOK_SECRET}x`], [WEBHOOK_SECRET.slice(0, -1)], [null]])(
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
      await world.database.query('select count(*)::int as n from reshare_custodian_shares'),
      await world.database.query('select count(*)::int as n from reshare_custodian_ciphertexts'),
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
    const before = world.errors.length
    for (const id of [...NOT_IDS, undefined, 7]) {
      for (const user of [
        { ...named, userId: id },
        { ...named, clientId: id },
      ]) {
        const custodian = world.app({ authenticateUser: () => user as typeof named })
        const path = '/users/u/encrypted-user-backup-shares?backupMethod=PASSWORD'
        const answer = await custodian.fetch(new Request(`http://app.test${path}`))
        expect([user, answer.status]).toEqual([user, 500])
      }
    }
    expect(world.errors.length - before).toBe(2 * (NOT_IDS.length + 2))
    world.errors.length = before
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

  test.each([
    ['database', undefined, TypeError],
    ['authenticateUser', undefined, TypeError],
    ['webhookSecret', undefined, TypeError],
    ['webhookSecret', 'too short', TypeError],
    ['masterKey', undefined, TypeError],
    ['masterKey', new Uint8Array(16), RangeError],
  ])('the option %s = %j is refused', (name, value, kind) => {
    expect(() => world.app({ [name]: value })).toThrow(kind)
  })
})
