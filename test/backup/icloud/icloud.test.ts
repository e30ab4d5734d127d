import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cloudKeyConformance } from '../../../src/backup/conformance.ts'
import { iCloud, type ICloudOptions } from '../../../src/backup/icloud/index.ts'
import { cloudKey, openBackup, sealBackup, type CloudKeyStorage } from '../../../src/backup/index.ts'
import { atRequest, type Fault } from '../../../src/emulators/index.ts'
import { codeOf, record } from '../fixtures.ts'
import { seededRandom } from '../../support/random.ts'
import { API_TOKEN, CONTAINER, emulated, ID, KEY, tokenStore, withoutWaiting } from './fixtures.ts'

const random = seededRandom()

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** This response comes to the second request, which is the first that has a web token. */
const instead = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  atRequest(2, { type: 'respond', status, body: typeof body === 'string' ? body : JSON.stringify(body), headers })

const ofRecord = (error: object) => ({ records: [{ recordName: ID, reason: 'x', ...error }] })

describe('iCloud', () => {
  for (const existsCode of ['CONFLICT', 'EXISTS'] as const) {
    const service = emulated({ existsCode })
    for (const { name, run } of cloudKeyConformance((place) => service.device(place))) {
      test(`${name} (${existsCode})`, run)
    }
  }

  test('keeps a key as a record of the private database, which no other account sees', async () => {
    const service = emulated()
    await service.device('ada').write(ID, KEY)
    const sent = service.calls.at(-1)
    expect(sent?.url.pathname).toBe(`/database/1/${CONTAINER}/development/private/records/modify`)
    expect(JSON.parse(new TextDecoder().decode(sent?.body))).toEqual({
      operations: [
        {
          operationType: 'create',
          record: { recordType: 'ReshareKey', recordName: ID, fields: { key: { value: 'AAEC+v8=', type: 'BYTES' } } },
        },
      ],
    })
    expect(service.records('ada').get(ID)).toEqual(KEY)
    expect(await service.device('ada').read(ID)).toEqual(KEY)
    expect(await service.device('eve').read(ID)).toBeUndefined()
  })

  test('keeps environments and containers apart', async () => {
    const service = emulated()
    await service.device('ada').write(ID, KEY)
    const production = service.device('ada', { environment: 'production', apiToken: 'api-token-2' })
    expect(await production.read(ID)).toBeUndefined()
    await production.write(ID, new Uint8Array([7]))
    expect(await service.device('ada').read(ID)).toEqual(KEY)
  })

  test('leaves nothing of a probe', async () => {
    const service = emulated()
    await service.device('ada').probe()
    expect(service.records('ada').size).toBe(0)
    expect(service.calls.map(({ url }) => url.pathname.split('/').at(-1))).toEqual([
      'modify',
      'modify',
      'lookup',
      'modify',
    ])
  })

  test('fails a probe that is not read back', async () => {
    const service = emulated()
    const wrong = Response.json(
      ofRecord({ recordType: 'ReshareKey', fields: { key: { type: 'BYTES', value: 'AA==' } } }),
    )
    const storage = service.device('ada', {
      fetch: async (url, init) => {
        const { records } = JSON.parse(new TextDecoder().decode(init.body as Uint8Array))
        if (records === undefined) return service.fetch(url, init)
        const { records: answered, ...more } = await wrong.clone().json()
        return Response.json({ ...more, records: [{ ...answered[0], recordName: records[0].recordName }] })
      },
    })
    expect(await codeOf(storage.probe())).toBe('STORAGE_UNAVAILABLE')
    expect(service.records('ada').size).toBe(0)
  })

  test('seals and opens a backup, on another device too', async () => {
    const service = emulated()
    const method = () => cloudKey({ provider: 'ICLOUD', storage: service.device('ada') })
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [method()] })
    expect(await openBackup({ cipherText, methods: [method()] })).toEqual(original)
    const eve = cloudKey({ provider: 'ICLOUD', storage: service.device('eve') })
    expect(await codeOf(openBackup({ cipherText, methods: [eve] }))).toBe('DECRYPT_FAILED')
  })

  test.each<[string, () => CloudKeyStorage, string]>([
    ['a full iCloud', () => emulated({ quotaBytes: 4 }).device(), 'STORAGE_FULL'],
    ['another API token', () => emulated().device('ada', { apiToken: 'another' }), 'STORAGE_UNAVAILABLE'],
    ['another container', () => emulated().device('ada', { container: 'iCloud.another' }), 'STORAGE_UNAVAILABLE'],
    [
      'a container without the record type',
      () =>
        emulated().device('ada', {
          container: 'iCloud.com.example.other',
          environment: 'production',
          apiToken: 'api-token-3',
        }),
      'STORAGE_UNAVAILABLE',
    ],
  ])('refuses a write to %s at once', async (_, open, code) => {
    const storage = open()
    await expect(storage.write(ID, KEY)).rejects.toMatchObject({ code, retryable: false })
  })

  test.each([
    ['ACCESS_DENIED', 403, 'STORAGE_UNAVAILABLE', false],
    ['ATOMIC_ERROR', 400, 'STORAGE_UNAVAILABLE', false],
    ['BAD_REQUEST', 400, 'STORAGE_UNAVAILABLE', false],
    ['INTERNAL_ERROR', 500, 'STORAGE_UNAVAILABLE', true],
    ['QUOTA_EXCEEDED', 413, 'STORAGE_FULL', false],
    ['THROTTLED', 429, 'STORAGE_UNAVAILABLE', true],
    ['TRY_AGAIN_LATER', 503, 'STORAGE_UNAVAILABLE', true],
    ['VALIDATING_REFERENCE_ERROR', 412, 'STORAGE_UNAVAILABLE', false],
    ['ZONE_NOT_FOUND', 404, 'STORAGE_UNAVAILABLE', false],
    ['UNKNOWN_ERROR', 500, 'STORAGE_UNAVAILABLE', true],
    ['SOMETHING_NEW', 418, 'STORAGE_UNAVAILABLE', false],
  ])('gives %s a code, of a request and of a record', async (serverErrorCode, status, code, retryable) => {
    for (const [answer, body] of [
      [status, { serverErrorCode }],
      [200, ofRecord({ serverErrorCode })],
    ] as const) {
      if (answer === 200 && serverErrorCode === 'UNKNOWN_ERROR') continue
      const service = emulated()
      service.setFaults((_, n) => (n > 1 ? { type: 'respond', status: answer, body: JSON.stringify(body) } : undefined))
      for (const call of ['read', 'delete', 'write'] as const) {
        const failing = withoutWaiting<unknown>(service.device()[call](ID, KEY))
        await expect(failing).rejects.toMatchObject({ code, retryable })
        if (code !== 'STORAGE_FULL') await expect(failing).rejects.toThrow(serverErrorCode)
      }
    }
  })

  test('does not take a container that is not there for a key that is not', async () => {
    const service = emulated()
    service.setFaults(instead(404, { serverErrorCode: 'NOT_FOUND' }))
    await expect(service.device().read(ID)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
  })

  test.each<[string, Fault]>([
    ['THROTTLED', { type: 'respond', status: 429, body: '{"serverErrorCode":"THROTTLED","retryAfter":20}' }],
    ['TRY_AGAIN_LATER', { type: 'respond', status: 503, body: '{"serverErrorCode":"TRY_AGAIN_LATER"}' }],
    ['a gateway', { type: 'respond', status: 502, body: '<html>' }],
    ['a limit without a body', { type: 'respond', status: 429, headers: { 'retry-after': '20' } }],
    ['no connection', { type: 'disconnect' }],
  ])('repeats a request after %s, as late as it should', async (_, fault) => {
    const service = emulated()
    // Measured from one request to the next: waiting for a lock takes real time.
    const times: number[] = []
    service.setFaults((_, n) => {
      times.push(Date.now())
      return n === 2 ? fault : undefined
    })
    await withoutWaiting(service.device().write(ID, KEY))
    const waited = times[2]! - times[1]!
    const asked = fault.type === 'respond' && fault.status === 429
    expect(waited).toBeGreaterThanOrEqual(asked ? 20_000 : 250)
    expect(waited).toBeLessThanOrEqual(asked ? 21_000 : 2_000)
    expect(service.records('ada').get(ID)).toEqual(KEY)
    expect(service.signIns).toBe(1)
  })

  test('ends after six requests, and at once if it should wait for long', async () => {
    const service = emulated()
    service.setFaults(() => ({ type: 'disconnect' }))
    expect(await codeOf(withoutWaiting(service.device().read(ID)))).toBe('STORAGE_UNAVAILABLE')
    expect(service.calls).toHaveLength(6)
    service.setFaults(instead(429, { serverErrorCode: 'THROTTLED', retryAfter: 31 }))
    await expect(service.device().read(ID)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryAfterMs: 31_000 })
    expect(service.calls).toHaveLength(8)
  })

  test.each<[string, unknown]>([
    ['no JSON', 'records'],
    ['half a JSON', '{"records":[{"recordName":'],
    ['a list', []],
    ['no records', {}],
    ['no list of records', { records: 'x' }],
    ['no record', { records: [] }],
    ['two records', { records: [{ recordName: ID }, { recordName: ID }] }],
    [
      'another record',
      { records: [{ recordName: 'f'.repeat(32), fields: { key: { type: 'BYTES', value: 'AA==' } } }] },
    ],
    ['a record without fields', ofRecord({ recordType: 'ReshareKey' })],
    ['another record type', ofRecord({ recordType: 'Other', fields: { key: { type: 'BYTES', value: 'AA==' } } })],
    ['another field', ofRecord({ recordType: 'ReshareKey', fields: { keys: { type: 'BYTES', value: 'AA==' } } })],
    [
      'another type of field',
      ofRecord({ recordType: 'ReshareKey', fields: { key: { type: 'STRING', value: 'AA==' } } }),
    ],
    ['no base64', ofRecord({ recordType: 'ReshareKey', fields: { key: { type: 'BYTES', value: 'A' } } })],
    ['no text', ofRecord({ recordType: 'ReshareKey', fields: { key: { type: 'BYTES', value: 7 } } })],
    [
      'a long key',
      ofRecord({ recordType: 'ReshareKey', fields: { key: { type: 'BYTES', value: 'A'.repeat(32_768) } } }),
    ],
    ['a long response', ' '.repeat(140_000)],
  ])('refuses %s in the place of a key', async (_, body) => {
    const service = emulated()
    service.setFaults((_, n) =>
      n > 1
        ? { type: 'respond', status: 200, body: typeof body === 'string' ? body : JSON.stringify(body) }
        : undefined,
    )
    expect(await codeOf(withoutWaiting(service.device().read(ID)))).toBe('STORAGE_UNAVAILABLE')
  })

  test('takes a deleted record for none', async () => {
    const service = emulated()
    service.setFaults(instead(200, ofRecord({ deleted: true })))
    expect(await service.device().read(ID)).toBeUndefined()
  })

  test.each<[Partial<ICloudOptions>, string]>([
    [{ container: 'com.example' }, 'container'],
    [{ container: 'iCloud.a/../b' }, 'container'],
    [{ environment: 'test' as 'production' }, 'environment'],
    [{ apiToken: '' }, 'apiToken'],
    [{ apiToken: 'a b' }, 'apiToken'],
    [{ auth: {} as never }, 'auth'],
    [{ tokens: { load: () => undefined } as never }, 'tokens'],
    [{ fetch: 'fetch' as never }, 'fetch'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ endpoint: 'http://example.com' }, 'endpoint'],
  ])('refuses the option %o', (change, name) => {
    const options = { container: CONTAINER, environment: 'production' as const, apiToken: API_TOKEN, user: 'user-1' }
    expect(() => iCloud({ ...options, ...change })).toThrow(name)
    expect(() => iCloud(options)).not.toThrow()
  })

  test('sends nothing for wrong arguments', async () => {
    const service = emulated()
    const storage = service.device('ada', { tokens: tokenStore() })
    for (const id of ['', 'ABCDEF0123456789abcdef0123456789', `${ID}0`, '../../x']) {
      for (const call of ['read', 'write', 'delete'] as const) {
        await expect(storage[call](id, KEY)).rejects.toThrow(TypeError)
      }
    }
    await expect(storage.write(ID, 'key' as never)).rejects.toThrow(TypeError)
    await expect(storage.write(ID, new Uint8Array(16_385))).rejects.toThrow(RangeError)
    expect(service.calls).toHaveLength(0)
  })
})
