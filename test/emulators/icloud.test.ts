import { describe, expect, test } from 'vitest'
import { iCloudEmulator, stoppedClock, type ICloudEmulatorOptions } from '../../src/emulators/index.ts'

const CONTAINER = 'iCloud.com.example.wallet'
const BASE = `https://api.apple-cloudkit.com/database/1/${CONTAINER}`
const FIELDS = { key: { value: 'AAEC', type: 'BYTES' } }

function emulator(options: Partial<ICloudEmulatorOptions> = {}) {
  return iCloudEmulator({
    clock: stoppedClock(1_000),
    containers: [
      { container: CONTAINER, environment: 'development', apiToken: 'api+1' },
      { container: CONTAINER, environment: 'production', apiToken: 'api-2', recordTypes: { Key: ['key'] } },
    ],
    ...options,
  })
}

/** Sends requests of one user, with the token that the response before has brought. */
function user(service: ReturnType<typeof emulator>, environment = 'development') {
  const apiToken = environment === 'development' ? 'api%2B1' : 'api-2'
  let token: string | undefined
  async function post(path: string, body: unknown, type = 'text/plain') {
    const session = token === undefined ? '' : `&ckWebAuthToken=${encodeURIComponent(token)}`
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const url = `${BASE}/${environment}/${path}?ckAPIToken=${apiToken}${session}`
    const response = await service.fetch(url, { method: 'POST', body: text, headers: { 'content-type': type } })
    token = response.headers.get('x-apple-cloudkit-web-auth-token') ?? token
    return { status: response.status, ...(await response.json()) }
  }
  return {
    post,
    get token() {
      return token
    },
    set token(next) {
      token = next
    },
    async signIn(account = 'ada') {
      const { redirectURL } = await post('private/records/lookup', { records: [{ recordName: 'a' }] })
      token = await service.auth(account).signIn({ redirectUrl: redirectURL })
    },
    modify: (operationType: string, record: object, more: object = {}) =>
      post('private/records/modify', { operations: [{ operationType, record }], ...more }),
    lookup: (...names: string[]) =>
      post('private/records/lookup', { records: names.map((recordName) => ({ recordName })) }),
  }
}

async function signedIn(options: Partial<ICloudEmulatorOptions> = {}, environment = 'development') {
  const service = emulator(options)
  const ada = user(service, environment)
  await ada.signIn()
  return { service, ada }
}

describe('the emulator of CloudKit web services', () => {
  test('creates, looks up and deletes records', async () => {
    const { service, ada } = await signedIn()
    const created = await ada.modify('create', { recordName: 'a', recordType: 'Key', fields: FIELDS })
    expect(created).toMatchObject({ status: 200, records: [{ recordName: 'a', recordType: 'Key', fields: FIELDS }] })
    expect(service.records('ada').get('a')).toEqual(new Uint8Array([0, 1, 2]))
    const found = await ada.lookup('a', 'b')
    expect(found['records']).toMatchObject([
      { recordName: 'a', fields: FIELDS, deleted: false, created: { timestamp: 1_000 } },
      { recordName: 'b', serverErrorCode: 'NOT_FOUND' },
    ])
    const tag = found['records'][0].recordChangeTag as string
    const wrong = await ada.modify('delete', { recordName: 'a', recordChangeTag: `${tag}x` })
    expect(wrong['records']).toMatchObject([{ recordName: 'a', serverErrorCode: 'CONFLICT' }])
    const deleted = await ada.modify('delete', { recordName: 'a', recordChangeTag: tag })
    expect(deleted['records']).toEqual([{ recordName: 'a', deleted: true }])
    const again = await ada.modify('forceDelete', { recordName: 'a' })
    expect(again['records']).toMatchObject([{ serverErrorCode: 'NOT_FOUND' }])
    expect(service.records('ada').size).toBe(0)
  })

  test.each(['EXISTS', 'CONFLICT'] as const)('creates a record once, and says %s', async (existsCode) => {
    const { ada, service } = await signedIn({ existsCode })
    const record = { recordName: 'a', recordType: 'Key', fields: FIELDS }
    await ada.modify('create', record)
    const second = await ada.modify('create', { ...record, fields: { key: { value: 'Bw==', type: 'BYTES' } } })
    expect(second).toMatchObject({ status: 200, records: [{ recordName: 'a', serverErrorCode: existsCode }] })
    expect(service.records('ada').get('a')).toEqual(new Uint8Array([0, 1, 2]))
  })

  test('asks for a sign-in, takes each token once, and names a page that serves one sign-in', async () => {
    const service = emulator()
    const ada = user(service)
    const first = await ada.lookup('a')
    expect(first).toMatchObject({ status: 421, serverErrorCode: 'AUTHENTICATION_REQUIRED' })
    const page = { redirectUrl: first['redirectURL'] as string }
    const token = await service.auth('ada').signIn(page)
    await expect(service.auth('ada').signIn(page)).rejects.toThrow(TypeError)
    await expect(service.auth('ada').signIn({ redirectUrl: 'https://idmsa.apple.com/' })).rejects.toThrow(TypeError)
    ada.token = token
    expect(await ada.lookup('a')).toMatchObject({ status: 200 })
    expect(ada.token).not.toBe(token)
    ada.token = token
    expect(await ada.lookup('a')).toMatchObject({ status: 421, redirectURL: expect.any(String) })
  })

  test('uses a token up even for a request that it refuses', async () => {
    const { ada } = await signedIn()
    const before = ada.token
    expect(await ada.post('private/records/modify', '{')).toMatchObject({ status: 400, serverErrorCode: 'BAD_REQUEST' })
    expect(ada.token).not.toBe(before)
  })

  test('ends tokens after half an hour, and by a sign-out', async () => {
    const { ada, service } = await signedIn()
    service.clock.advance(30 * 60_000 - 1)
    expect(await ada.lookup('a')).toMatchObject({ status: 200 })
    service.clock.advance(30 * 60_000)
    expect(await ada.lookup('a')).toMatchObject({ status: 421 })
    await ada.signIn()
    service.signOut('eve')
    expect(await ada.lookup('a')).toMatchObject({ status: 200 })
    service.signOut('ada')
    expect(await ada.lookup('a')).toMatchObject({ status: 421 })
  })

  test('keeps accounts, environments and databases apart', async () => {
    const { ada, service } = await signedIn()
    await ada.modify('create', { recordName: 'a', recordType: 'Key', fields: FIELDS })
    const eve = user(service)
    await eve.signIn('eve')
    const production = user(service, 'production')
    production.token = ada.token
    expect(await production.lookup('a')).toMatchObject({ status: 421 })
    await production.signIn('ada')
    for (const other of [eve, production]) {
      expect((await other.lookup('a'))['records']).toMatchObject([{ serverErrorCode: 'NOT_FOUND' }])
    }
    for (const database of ['public', 'shared']) {
      const refused = await ada.post(`${database}/records/lookup`, { records: [{ recordName: 'a' }] })
      expect(refused).toMatchObject({ status: 403, serverErrorCode: 'ACCESS_DENIED' })
    }
    expect(() =>
      emulator({ containers: [0, 1].map(() => ({ container: 'c', environment: 'production', apiToken: 'a' })) }),
    ).toThrow(TypeError)
  })

  test('takes new record types and fields in the development environment alone', async () => {
    const { ada } = await signedIn({}, 'production')
    const create = (recordType: string, fields: object) => ada.modify('create', { recordName: 'a', recordType, fields })
    expect((await create('Other', FIELDS))['records']).toMatchObject([{ serverErrorCode: 'BAD_REQUEST' }])
    expect((await create('Key', { other: FIELDS.key }))['records']).toMatchObject([{ serverErrorCode: 'BAD_REQUEST' }])
    expect((await create('Key', FIELDS))['records']).toMatchObject([{ recordType: 'Key' }])
  })

  test('has a quota for each account', async () => {
    const { ada } = await signedIn({ quotaBytes: 5 })
    const create = (recordName: string) => ada.modify('create', { recordName, recordType: 'Key', fields: FIELDS })
    expect((await create('a'))['records']).toMatchObject([{ recordName: 'a' }])
    expect((await create('b'))['records']).toMatchObject([{ serverErrorCode: 'QUOTA_EXCEEDED' }])
    await ada.modify('forceDelete', { recordName: 'a' })
    expect((await create('b'))['records'][0]).not.toHaveProperty('serverErrorCode')
  })

  test.each<[string, unknown, string?]>([
    ['no JSON', 'x'],
    ['a list', []],
    ['no operations', {}],
    ['none in the list', { operations: [] }],
    ['too many', { operations: Array.from({ length: 201 }, () => ({})) }],
    ['a key that is not known', { operations: [{ operationType: 'forceDelete', record: { recordName: 'a' } }], x: 1 }],
    ['an operation that is not known', { operations: [{ operationType: 'upsert', record: { recordName: 'a' } }] }],
    ['no record', { operations: [{ operationType: 'forceDelete' }] }],
    ['no name', { operations: [{ operationType: 'forceDelete', record: {} }] }],
    ['a name of the system', { operations: [{ operationType: 'forceDelete', record: { recordName: '_a' } }] }],
    ['a delete without a tag', { operations: [{ operationType: 'delete', record: { recordName: 'a' } }] }],
    ['no type', { operations: [{ operationType: 'create', record: { recordName: 'a', fields: FIELDS } }] }],
    ['no fields', { operations: [{ operationType: 'create', record: { recordName: 'a', recordType: 'Key' } }] }],
    ['a field that is not of bytes', create({ key: { value: 'x', type: 'STRING' } })],
    ['a field without its type', create({ key: { value: 'AAEC' } })],
    ['no base64', create({ key: { value: 'A', type: 'BYTES' } })],
    ['a bad name of a field', create({ 'a b': FIELDS.key })],
    ['an atomic change', { ...create(FIELDS), atomic: true }],
    ['a zone without a name', { ...create(FIELDS), zoneID: {} }],
    ['another zone', { ...create(FIELDS), zoneID: { zoneName: 'z' } }, 'ZONE_NOT_FOUND'],
  ])('refuses %s', async (_, body, code = 'BAD_REQUEST') => {
    const { ada, service } = await signedIn()
    expect(await ada.post('private/records/modify', body)).toMatchObject({ serverErrorCode: code })
    expect(service.records('ada').size).toBe(0)
  })

  test.each<[string, string, RequestInit, number]>([
    ['GET', `${BASE}/development/private/records/lookup?ckAPIToken=api%2B1`, { method: 'GET' }, 400],
    ['another path', `${BASE}/development/private/records/query?ckAPIToken=api%2B1`, {}, 404],
    ['another container', `${BASE}x/development/private/records/lookup?ckAPIToken=api%2B1`, {}, 404],
    ['no API token', `${BASE}/development/private/records/lookup`, {}, 400],
    ['another API token', `${BASE}/development/private/records/lookup?ckAPIToken=api-2`, {}, 401],
    ['a bare plus', `${BASE}/development/private/records/lookup?ckAPIToken=api+1`, {}, 400],
    ['a token twice', `${BASE}/development/private/records/lookup?ckAPIToken=api%2B1&ckAPIToken=api%2B1`, {}, 400],
    ['another parameter', `${BASE}/development/private/records/lookup?ckAPIToken=api%2B1&x=1`, {}, 400],
  ])('refuses %s', async (_, url, init, status) => {
    const response = await emulator().fetch(url, { method: 'POST', ...init })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ serverErrorCode: expect.any(String), uuid: expect.any(String) })
  })

  test('refuses a content type that is none of its own', async () => {
    const { ada } = await signedIn()
    const body = { records: [{ recordName: 'a' }] }
    for (const type of ['text/plain', 'text/plain;charset=UTF-8', 'application/json']) {
      expect(await ada.post('private/records/lookup', body, type)).toMatchObject({
        status: 200,
      })
    }
    const refused = await ada.post('private/records/lookup', body, 'text/html')
    expect(refused).toMatchObject({ status: 400, serverErrorCode: 'BAD_REQUEST' })
  })

  test.each<[string, unknown]>([
    ['no records', {}],
    ['none in the list', { records: [] }],
    ['a record without a name', { records: [{}] }],
    ['keys that are no texts', { records: [{ recordName: 'a' }], desiredKeys: [7] }],
    ['a key that is not known', { records: [{ recordName: 'a' }], limit: 1 }],
  ])('refuses a lookup with %s', async (_, body) => {
    const { ada } = await signedIn()
    expect(await ada.post('private/records/lookup', body)).toMatchObject({ serverErrorCode: 'BAD_REQUEST' })
  })

  test('gives the fields that are wanted', async () => {
    const { ada } = await signedIn()
    await ada.modify('create', { recordName: 'a', recordType: 'Key', fields: { ...FIELDS, other: FIELDS.key } })
    const found = await ada.post('private/records/lookup', { records: [{ recordName: 'a' }], desiredKeys: ['other'] })
    expect(Object.keys(found['records'][0].fields)).toEqual(['other'])
  })
})

function create(fields: object): object {
  return { operations: [{ operationType: 'create', record: { recordName: 'a', recordType: 'Key', fields } }] }
}
