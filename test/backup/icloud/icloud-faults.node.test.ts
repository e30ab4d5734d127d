import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cloudKey, type CloudKeyStorage, openBackup, sealBackup } from '../../../src/backup/index.ts'
import type { ErrorCode } from '../../../src/errors.ts'
import { atRequest, type Fault, type FaultPlan } from '../../../src/emulators/index.ts'
import { equalBytes } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { codeOf, record } from '../fixtures.ts'
import { emulated, ID, KEY, tokenStore, withoutWaiting } from './fixtures.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const respond = (status: number, body: string, carriedOut: boolean): Fault => ({
  type: 'respond',
  status,
  body,
  carriedOut,
})

/** What may go wrong with a request, before and after it has its effect. */
const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  'lost connections': [
    { type: 'disconnect' },
    { type: 'disconnect', carriedOut: true },
    { type: 'truncate' },
    { type: 'truncate', clean: true },
  ],
  'no response in time': [
    { type: 'delay', ms: Infinity },
    { type: 'delay', ms: Infinity, carriedOut: true },
  ],
  'errors that pass': [false, true].flatMap((carriedOut) => [
    respond(429, '{"serverErrorCode":"THROTTLED","retryAfter":3}', carriedOut),
    respond(503, '{"serverErrorCode":"TRY_AGAIN_LATER"}', carriedOut),
    respond(500, '{"serverErrorCode":"INTERNAL_ERROR"}', carriedOut),
    respond(502, '<html>', carriedOut),
    respond(200, '<html>', carriedOut),
    respond(200, '{"records":[]}', carriedOut),
  ]),
  'a session that ended': [false, true].flatMap((carriedOut) => [
    respond(401, '{"serverErrorCode":"AUTHENTICATION_FAILED"}', carriedOut),
    respond(421, '{"serverErrorCode":"AUTHENTICATION_REQUIRED"}', carriedOut),
  ]),
  'errors that stay': [false, true].flatMap((carriedOut) => [
    respond(400, '{"serverErrorCode":"BAD_REQUEST"}', carriedOut),
    respond(403, '{"serverErrorCode":"ACCESS_DENIED"}', carriedOut),
    respond(413, '{"serverErrorCode":"QUOTA_EXCEEDED"}', carriedOut),
  ]),
}

/** The codes that each kind may end with. `undefined` for success. */
const CODES: Readonly<Record<string, readonly (ErrorCode | undefined)[]>> = {
  'lost connections': [undefined],
  'no response in time': [undefined],
  'errors that pass': [undefined],
  'a session that ended': [undefined, 'STORAGE_UNAVAILABLE'],
  'errors that stay': ['STORAGE_UNAVAILABLE', 'STORAGE_FULL'],
}

const OTHER_ID = 'f'.repeat(32)

const CALLS: Readonly<Record<string, (storage: CloudKeyStorage) => Promise<unknown>>> = {
  write: (storage) => storage.write(ID, KEY),
  read: (storage) => storage.read(OTHER_ID),
  delete: (storage) => storage.delete(OTHER_ID),
  probe: (storage) => storage.probe(),
}

describe.each(Object.keys(CALLS))('a %s by iCloud', (name) => {
  const call = CALLS[name] as (storage: CloudKeyStorage) => Promise<unknown>

  test.each(Object.keys(FAULTS))('survives %s at each request, with and without a session', async (kind) => {
    for (const { fault, n, ...run } of runsOf(call, FAULTS[kind] ?? [])) {
      const { code, sent, service, storage } = await run.with(atRequest(n, fault))
      const at = `${name}, request ${n}, ${JSON.stringify(fault)}`
      if (sent < n) continue
      // The user is not asked a second time for the token that was lost with the first response to it.
      const lostSignIn = run.signedIn || n !== 2 ? [] : ['STORAGE_UNAVAILABLE']
      expect([...(CODES[kind] ?? []), ...lostSignIn], at).toContain(code)
      await expectWhole(name, code, { service, storage }, at)
    }
  })

  test.each(['lost connections', 'errors that pass'])('survives %s from each request on', async (kind) => {
    for (const { fault, n, ...run } of runsOf(call, FAULTS[kind] ?? [])) {
      const { code, sent, service, storage } = await run.with((_, i) => (i >= n ? fault : undefined))
      const at = `${name}, from request ${n} on, ${JSON.stringify(fault)}`
      if (sent < n) continue
      expect(code, at).toBe('STORAGE_UNAVAILABLE')
      await expectWhole(name, code, { service, storage }, at)
    }
  })
})

/** A write needs at most two requests, and a probe four. */
const MOST_REQUESTS = 4

/** A run for each fault and each request, with and without a session, on a service of its own each. */
function* runsOf(call: (storage: CloudKeyStorage) => Promise<unknown>, faults: readonly Fault[]) {
  for (const fault of faults) {
    for (let n = 1; n <= MOST_REQUESTS; n++) {
      for (const signedIn of [false, true]) {
        yield { fault, n, signedIn, with: (plan: FaultPlan) => runWith(plan, call, signedIn) }
      }
    }
  }
}

async function runWith(plan: FaultPlan, call: (storage: CloudKeyStorage) => Promise<unknown>, signedIn: boolean) {
  const service = emulated()
  const storage = service.device('ada', { tokens: tokenStore() })
  await service.device('ada').write(OTHER_ID, KEY)
  if (signedIn) await storage.read(ID)
  const before = service.calls.length
  service.setFaults(plan)
  const code = await outcome(call(storage))
  service.setFaults()
  return { service, storage, code, sent: service.calls.length - before }
}

async function outcome(call: Promise<unknown>): Promise<string | undefined> {
  const code = await codeOf(withoutWaiting(call))
  return code === 'no error' ? undefined : code
}

/** After success, what was asked for is so; after an error, it is so or not, and the same call succeeds. */
async function expectWhole(
  name: string,
  code: string | undefined,
  { service, storage }: Pick<Awaited<ReturnType<typeof runWith>>, 'service' | 'storage'>,
  at: string,
) {
  if (name === 'write') {
    const stored = await storage.read(ID)
    if (code === undefined || stored !== undefined) expect(stored, at).toEqual(KEY)
    if (stored === undefined) await storage.write(ID, KEY)
    else expect(await codeOf(storage.write(ID, KEY)), at).toBe('STORAGE_CONFLICT')
    expect(equalBytes((await storage.read(ID)) ?? new Uint8Array(), KEY), at).toBe(true)
  }
  if (name === 'read') expect(await storage.read(OTHER_ID), at).toEqual(KEY)
  if (name === 'delete') {
    if (code !== undefined) await storage.delete(OTHER_ID)
    expect(await storage.read(OTHER_ID), at).toBeUndefined()
  }
  if (name === 'probe' && code !== undefined) await storage.probe()
  // The keys are those that were written.
  const kept = service.records('ada')
  for (const id of [ID, OTHER_ID]) if (kept.has(id)) expect(kept.get(id), at).toEqual(KEY)
}

describe('a write whose response was lost', () => {
  test('is a conflict if the record is of somebody else', async () => {
    // The other one is on another machine, so that no lock of this browser holds it up.
    vi.stubGlobal('navigator', {})
    const service = emulated()
    const storage = service.device()
    await storage.read(ID)
    service.setFaults(async (_, n) => {
      if (n > 1) return undefined
      service.setFaults()
      await service.device('ada').write(ID, new Uint8Array([9]))
      return { type: 'disconnect' }
    })
    expect(await codeOf(withoutWaiting(storage.write(ID, KEY)))).toBe('STORAGE_CONFLICT')
    expect(await storage.read(ID)).toEqual(new Uint8Array([9]))
  })

  test('ends with the code of the last request if no response comes at all', async () => {
    const service = emulated()
    const storage = service.device()
    await storage.read(ID)
    service.setFaults((_, n) => ({ type: 'disconnect', carriedOut: n === 1 }))
    expect(await codeOf(withoutWaiting(storage.write(ID, KEY)))).toBe('STORAGE_UNAVAILABLE')
    service.setFaults()
    expect(await storage.read(ID)).toEqual(KEY)
  })
})

test('a backup is sealed and opened, or not, whichever request fails', async () => {
  const random = seededRandom()
  const original = record(random)
  for (const fault of [...(FAULTS['lost connections'] ?? []), ...(FAULTS['errors that stay'] ?? [])]) {
    for (let n = 1; ; n++) {
      const service = emulated()
      const method = cloudKey({ provider: 'ICLOUD', storage: service.device() })
      service.setFaults(atRequest(n, fault))
      const sealing = sealBackup({ record: original, methods: [method] })
      const code = await outcome(sealing)
      const sent = service.calls.length
      service.setFaults()
      const cipherText = code === undefined ? await sealing : await sealBackup({ record: original, methods: [method] })
      expect(await openBackup({ cipherText, methods: [method] })).toEqual(original)
      if (sent < n) break
    }
  }
})
