import { afterAll, describe, expect, test } from 'vitest'
import { atRequest, driveError, type DriveErrorReason, type Fault } from '../../../src/emulators/index.ts'
import { isMpcError } from '../../../src/errors.ts'
import { equalBytes } from '../../../src/util/bytes.ts'
import { deviceOf, stoppedDrive } from './support/device.ts'

const ID = '0123456789abcdef'.repeat(2)
const OTHER = 'fedcba9876543210'.repeat(2)
const KEY = new Uint8Array([1, 2, 3, 4, 5, 6])
const NAME = `reshare-${ID}.key`
/** How long a request waits for a response that does not come, in real milliseconds. */
const TIMEOUT_MS = { once: 100, always: 20 }

/** Faults after which the same request succeeds: one of them anywhere is not noticed. */
const PASSING: Record<string, Fault> = {
  ...errors(['rateLimitExceeded', 'userRateLimitExceeded', 'tooManyRequests', 'internalError', 'backendError']),
  'authError, once': driveError('authError'),
  'Retry-After': driveError('backendError', { 'retry-after': '3' }),
  '500 after it was carried out': { type: 'respond', status: 500, carriedOut: true },
  '503 after it was carried out': { ...(driveError('backendError') as object), carriedOut: true } as Fault,
  'lost request': { type: 'disconnect' },
  'lost response': { type: 'disconnect', carriedOut: true },
  'broken body': { type: 'truncate' },
  'short body': { type: 'truncate', clean: true },
  'late request': { type: 'delay', ms: Infinity },
  'late response': { type: 'delay', ms: Infinity, carriedOut: true },
  ...Object.fromEntries(
    ['<html>Sign in to the Wi-Fi</html>', '', '{}', '[]', 'null', '{"files":[{"name":"' + NAME + '"}]}'].flatMap(
      (body) =>
        [false, true].map((carriedOut): [string, Fault] => [
          `200 with ${body === '' ? 'nothing' : body.slice(0, 20)}${carriedOut ? ', carried out' : ''}`,
          { type: 'respond', status: 200, body, carriedOut },
        ]),
    ),
  ),
  'a redirect': { type: 'respond', status: 302, headers: { location: 'https://elsewhere.example/' } },
  'a length that is too long': { type: 'respond', status: 200, headers: { 'content-length': '999999999' }, body: 'x' },
}

/** Faults that end a call. */
const LASTING: Record<string, Fault> = {
  ...errors([
    'storageQuotaExceeded',
    'insufficientPermissions',
    'insufficientScopes',
    'accessNotConfigured',
    'badRequest',
  ]),
  '404': driveError('notFound'),
  '409': driveError('fileIdInUse'),
}

function errors(reasons: readonly DriveErrorReason[]): Record<string, Fault> {
  return Object.fromEntries(reasons.map((reason) => [reason, driveError(reason)]))
}

/** How an operation begins, what it does, and what must be so once it has been done. */
interface Operation {
  readonly stored: boolean
  readonly run: (device: ReturnType<typeof deviceOf>) => Promise<unknown>
  /** Whether the key is there afterwards. */
  readonly leaves: boolean
}

const OPERATIONS: Record<string, Operation> = {
  write: { stored: false, run: (device) => device.write(ID, KEY), leaves: true },
  read: { stored: true, run: (device) => device.read(ID), leaves: true },
  delete: { stored: true, run: (device) => device.delete(ID), leaves: false },
  probe: { stored: true, run: (device) => device.probe(), leaves: true },
}

/** What says something wrong about one file, which nobody can see through. */
const LIE = '404'

const counts = { runs: 0, unnoticed: 0, refused: 0 }
const codes = new Set<string>()

function start({ stored }: Operation, seed: number) {
  const drive = stoppedDrive(seed)
  const alice = drive.account('alice')
  alice.addFile(`reshare-${OTHER}.key`, new Uint8Array([9]))
  if (stored) alice.addFile(NAME, KEY)
  const device = deviceOf(drive)
  const files = () => alice.files.filter(({ name }) => name === NAME)
  return { drive, device, files, alice }
}

async function check(name: string, fault: string, n: number, once: boolean): Promise<void> {
  const operation = OPERATIONS[name] as Operation
  const kind = (PASSING[fault] ?? LASTING[fault]) as Fault
  const { drive, device, files, alice } = start(operation, n)
  if (kind.type === 'delay') device.connection.timeoutMs = once ? TIMEOUT_MS.once : TIMEOUT_MS.always
  drive.setFaults(once ? atRequest(n, kind) : (_, k) => (k >= n ? kind : undefined))
  const outcome = await operation.run(device).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  drive.setFaults()
  device.connection.timeoutMs = 60_000
  counts.runs++
  const where = `${name}, ${fault} at request ${n}${once ? '' : ' and after'}`

  // Never two files, never another key, and no other file is touched.
  expect(files().length, where).toBeLessThanOrEqual(1)
  expect(
    files().every(({ content }) => equalBytes(content, KEY)),
    where,
  ).toBe(true)
  expect(alice.files.find(({ name: other }) => other.includes(OTHER))?.content, where).toEqual(new Uint8Array([9]))

  const other = deviceOf(drive)
  if ('error' in outcome) {
    const { error } = outcome
    if (!isMpcError(error, 'STORAGE_UNAVAILABLE', 'STORAGE_FULL')) throw error
    codes.add(error.code)
    counts.refused++
    if (once) expect(fault in LASTING, `${where}: ${error.message}`).toBe(true)
    const found = await other.read(ID)
    if (found !== undefined || (name !== 'write' && name !== 'delete')) expect(found, where).toEqual(KEY)
  } else {
    counts.unnoticed++
    if (name === 'read') expect(outcome.value, where).toEqual(fault === '404' && !once ? undefined : KEY)
    const gone = (await other.read(ID)) === undefined
    if (!(name === 'delete' && fault === LIE)) expect(gone, where).toBe(!operation.leaves)
  }

  // The same call again succeeds: a write that was done is refused, and one that was not goes on.
  if (name === 'write' && !('error' in outcome)) return
  const again = await operation.run(device)
  if (name === 'read') expect(again, where).toEqual(KEY)
  expect(await deviceOf(drive).read(ID), where).toEqual(operation.leaves ? KEY : undefined)
  expect(files(), where).toHaveLength(operation.leaves ? 1 : 0)
}

describe.each(Object.keys(OPERATIONS))('a fault at any request of %s', (name) => {
  const operation = OPERATIONS[name] as Operation

  async function requestCount(): Promise<number> {
    const { drive, device } = start(operation, 1)
    await operation.run(device)
    return drive.calls.length
  }

  test.each(Object.keys(PASSING))('%s is not noticed', async (fault) => {
    const count = await requestCount()
    for (let n = 1; n <= count; n++) await check(name, fault, n, true)
  })

  test.each(Object.keys(LASTING))('%s is harmless', async (fault) => {
    const count = await requestCount()
    for (let n = 1; n <= count; n++) await check(name, fault, n, true)
  })

  test.each([...Object.keys(PASSING), ...Object.keys(LASTING)])('%s from there on is harmless', async (fault) => {
    const count = await requestCount()
    for (let n = 1; n <= count; n++) await check(name, fault, n, false)
  })
})

afterAll(() => {
  expect([...codes].sort()).toEqual(['STORAGE_FULL', 'STORAGE_UNAVAILABLE'])
  console.log(`${counts.runs} runs: ${counts.unnoticed} succeeded, ${counts.refused} failed with a code; 0 wrong keys`)
})
