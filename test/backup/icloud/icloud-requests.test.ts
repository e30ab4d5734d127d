import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { WebTokenStore } from '../../../src/backup/icloud/index.ts'
import { atRequest, type Fault } from '../../../src/emulators/index.ts'
import { codeOf } from '../fixtures.ts'
import { emulated, ID, KEY, tokenStore, withoutWaiting } from './fixtures.ts'

const realTimeout = globalThis.setTimeout

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a probe of iCloud', () => {
  const FAULTS: readonly Fault[] = [
    { type: 'disconnect' },
    { type: 'truncate' },
    { type: 'respond', status: 400, body: '{"serverErrorCode":"BAD_REQUEST"}' },
    { type: 'respond', status: 429, body: '{"serverErrorCode":"THROTTLED","retryAfter":60}' },
  ]

  test.each(FAULTS)('leaves nothing behind where a request fails (%o)', async (fault) => {
    for (const n of [1, 2, 3]) {
      const service = emulated()
      const storage = service.device()
      await storage.read(ID)
      service.setFaults(atRequest(n, fault))
      await codeOf(withoutWaiting(storage.probe()))
      expect(service.records('ada').size, `request ${n}`).toBe(0)
    }
  })

  test.each([1, 2, 3])('leaves nothing behind where it is aborted during request %i', async (n) => {
    const service = emulated()
    const storage = service.device()
    await storage.read(ID)
    const controller = new AbortController()
    service.setFaults((_, i) => {
      if (i !== n) return undefined
      setTimeout(() => controller.abort(), 1_000)
      return { type: 'delay', ms: Infinity }
    })
    expect(await codeOf(withoutWaiting(storage.probe({ signal: controller.signal })))).toBe('ABORTED')
    await withoutWaiting(storage.read(ID))
    expect(service.records('ada').size).toBe(0)
  })

  test('that cannot delete its record asks nobody to sign in, and its name says what it is', async () => {
    const service = emulated()
    const storage = service.device()
    await storage.read(ID)
    const controller = new AbortController()
    service.setFaults(atRequest(1, { type: 'delay', ms: Infinity, carriedOut: true }))
    const probing = codeOf(storage.probe({ signal: controller.signal }))
    while (service.records('ada').size === 0) await new Promise((resolve) => realTimeout(resolve, 1))
    controller.abort()
    expect(await probing).toBe('ABORTED')
    expect(await withoutWaiting(storage.read(ID))).toBeUndefined()
    // The one before, and that of the read.
    expect(service.signIns).toBe(2)
    expect([...service.records('ada').keys()]).toEqual([expect.stringMatching(/^probe-[0-9a-f]{32}$/)])
  })

  test('sends nothing if it is aborted before', async () => {
    const service = emulated()
    expect(await codeOf(service.device().probe({ signal: AbortSignal.abort() }))).toBe('ABORTED')
    expect(service.calls).toHaveLength(0)
  })
})

describe('a response of iCloud', () => {
  const of = (more: object) => JSON.stringify({ records: [{ recordName: ID, ...more }] })
  const CREATED = { recordType: 'ReshareKey', recordChangeTag: 'a' }

  test.each([{}, { ...CREATED, recordType: 'Other' }, { ...CREATED, deleted: true }, { recordType: 'ReshareKey' }])(
    'is no successful write with %o',
    async (more) => {
      const service = emulated()
      const storage = service.device()
      await storage.read(ID)
      service.setFaults(() => ({ type: 'respond', status: 200, body: of(more) }))
      expect(await codeOf(withoutWaiting(storage.write(ID, KEY)))).toBe('STORAGE_UNAVAILABLE')
      // As soon as it is one of iCloud again, the same call goes on.
      service.setFaults(atRequest(1, { type: 'respond', status: 200, body: of(more), carriedOut: true }))
      await withoutWaiting(storage.write(ID, KEY))
      expect(service.records('ada').get(ID)).toEqual(KEY)
    },
  )

  test.each([{}, { deleted: 'yes' }, { deleted: false }, CREATED])('is no successful delete with %o', async (more) => {
    const service = emulated()
    const storage = service.device()
    await storage.write(ID, KEY)
    service.setFaults(() => ({ type: 'respond', status: 200, body: of(more) }))
    const failing = withoutWaiting(storage.delete(ID))
    await expect(failing).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: 'iCloud: the response is not one of CloudKit',
    })
    service.setFaults(atRequest(1, { type: 'respond', status: 200, body: of(more) }))
    await withoutWaiting(storage.delete(ID))
    expect(service.records('ada').size).toBe(0)
  })
})

test('a request leaves no bytes of the key in its body', async () => {
  const service = emulated()
  const bodies: Uint8Array[] = []
  const storage = service.device('ada', {
    fetch(url, init) {
      bodies.push(init.body as Uint8Array)
      return service.fetch(url, init)
    },
  })
  await storage.write(ID, KEY)
  expect(service.records('ada').get(ID)).toEqual(KEY)
  expect(bodies).toHaveLength(2)
  for (const body of bodies) expect(body).toEqual(new Uint8Array(body.length))
})

describe('a token store that does not end', () => {
  const never = () => new Promise<never>(() => {})

  test.each<[string, Partial<WebTokenStore>]>([
    ['load', { load: never }],
    ['save', { save: never }],
  ])('is an error after a minute (%s), and others get their turn', async (_, broken) => {
    const service = emulated()
    const tokens = { ...tokenStore(), ...broken }
    const start = Date.now()
    const reading = codeOf(withoutWaiting(service.device('ada', { tokens }).read(ID)))
    expect(await reading).toBe('STORAGE_UNAVAILABLE')
    expect(Date.now() - start).toBeGreaterThanOrEqual(60_000)
    expect(Date.now() - start).toBeLessThan(180_000)
    expect(await withoutWaiting(service.device('ada').read(ID))).toBeUndefined()
  })

  test('does not keep a caller that aborts', async () => {
    const controller = new AbortController()
    const storage = emulated().device('ada', { tokens: { load: never, save() {} } })
    setTimeout(() => controller.abort(), 1_000)
    const start = Date.now()
    expect(await codeOf(withoutWaiting(storage.read(ID, { signal: controller.signal })))).toBe('ABORTED')
    expect(Date.now() - start).toBeLessThan(10_000)
  })
})
