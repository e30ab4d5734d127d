import { describe, expect, test } from 'vitest'
import { atRequest, type Fault, type FaultPlan } from '../../../src/emulators/index.ts'
import { deviceOf, requestsOf, stoppedDrive } from './support/device.ts'

const ID = '0123456789abcdef'.repeat(2)
const NAME = `reshare-${ID}.key`
const KEY = new Uint8Array([1, 2, 3])

const caught = (work: Promise<unknown>) =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => error,
  )

const answers = (body: unknown): Fault => ({
  type: 'respond',
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

const good = { id: 'abc', name: NAME, createdTime: '2026-01-01T00:00:00.000Z', size: '3' }

describe('what Google Drive answers is not trusted:', () => {
  test.each<[string, unknown]>([
    ['no files', {}],
    ['files that are no list', { files: { length: 1 } }],
    ['an id that leads elsewhere', { files: [{ ...good, id: '../about' }] }],
    ['an id with a query', { files: [{ ...good, id: 'a?alt=json' }] }],
    ['a long id', { files: [{ ...good, id: 'a'.repeat(257) }] }],
    ['an id that is no text', { files: [{ ...good, id: 7 }] }],
    ['a time that is none', { files: [{ ...good, createdTime: 'yesterday' }] }],
    ['a size that is none', { files: [{ ...good, size: '-1' }] }],
    ['a size that is a number', { files: [{ ...good, size: 3 }] }],
    ['a page token that is none', { files: [], nextPageToken: 7 }],
    ['a long page token', { files: [], nextPageToken: 'x'.repeat(8193) }],
    ['a search that is not complete', { files: [], incompleteSearch: true }],
    ['fields of the prototype', '{"__proto__":{"files":[]}}'],
    ['bytes that are no UTF-8', '\ud800'],
    ['more than it may be', `{"files":[],"x":"${'x'.repeat(4 * 2 ** 20)}"}`],
  ])('a listing with %s', async (_, body) => {
    const drive = stoppedDrive()
    drive.account('alice').addFile(NAME, KEY)
    drive.setFaults((_call, n) => (n <= 5 ? answers(body) : undefined))
    const error = await caught(deviceOf(drive).read(ID))
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    expect(new Set(requestsOf(drive))).toEqual(new Set(['GET /drive/v3/files']))
  })

  test('a listing that has one file twice', async () => {
    const drive = stoppedDrive()
    const twice = async (url: string, init: RequestInit) => {
      const response = await drive.fetch(url, init)
      if (!url.includes('/files?spaces')) return response
      const { files } = (await response.json()) as { files: unknown[] }
      return Response.json({ files: [...files, ...files] })
    }
    await deviceOf(drive, 'alice', { fetch: twice }).write(ID, KEY)
    expect(drive.account('alice').files).toMatchObject([{ content: KEY }])
  })

  test('pages without an end', async () => {
    const drive = stoppedDrive()
    drive.setFaults(() => answers({ files: [], nextPageToken: 'more' }))
    expect(await caught(deviceOf(drive).read(ID))).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    expect(drive.calls).toHaveLength(100)
  })

  test('a page token is sent as a value, whatever it is', async () => {
    const drive = stoppedDrive()
    drive.setFaults(atRequest(1, answers({ files: [], nextPageToken: '&spaces=drive#' })))
    await caught(deviceOf(drive).read(ID))
    expect(drive.calls[1]?.url.searchParams.get('pageToken')).toBe('&spaces=drive#')
    expect(drive.calls[1]?.url.searchParams.getAll('spaces')).toEqual(['appDataFolder'])
  })

  test.each([[{ ids: [] }], [{ ids: ['a/b'] }], [{ ids: ['a', 'b'] }], [{ ids: 'abc' }], [{}]])(
    'generated ids %j',
    async (body) => {
      const drive = stoppedDrive()
      drive.setFaults((_, n) => (n >= 2 ? answers(body) : undefined))
      expect(await caught(deviceOf(drive).write(ID, KEY))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      expect(drive.account('alice').files).toEqual([])
    },
  )

  test('a key that is longer than any is not asked for', async () => {
    const drive = stoppedDrive()
    drive.account('alice').addFile(NAME, new Uint8Array(16 * 1024 + 1))
    expect(await caught(deviceOf(drive).read(ID))).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    expect(drive.calls).toHaveLength(1)
  })

  test('a key of another length than the listing says', async () => {
    const drive = stoppedDrive()
    drive.account('alice').addFile(NAME, KEY)
    drive.setFaults((_, n) => (n >= 2 ? answers('1234') : undefined))
    expect(await caught(deviceOf(drive).read(ID))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  test('a key that comes back changed is not written, and not deleted', async () => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    drive.setFaults((_, n) => (n === 4 ? answers('abc') : undefined))
    expect(await caught(device.write(ID, KEY))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(drive.account('alice').files).toHaveLength(1)
    await device.write(ID, KEY)
    expect(drive.account('alice').files).toHaveLength(1)
  })

  test.each([undefined, null, {}, { status: 200 }, 'text'])('a fetch that gives %j', async (response) => {
    const device = deviceOf(stoppedDrive(), 'alice', { fetch: async () => response as never })
    expect(await caught(device.read(ID))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })
})

describe('a write that failed', () => {
  test('goes on with the same file, but not with other bytes', async () => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    drive.setFaults((_, n) => (n >= 4 ? { type: 'disconnect' } : undefined))
    expect(await caught(device.write(ID, KEY))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    drive.setFaults()
    expect(await caught(device.write(ID, new Uint8Array([3, 2, 1])))).toMatchObject({ code: 'STORAGE_CONFLICT' })
    await device.write(ID, KEY)
    expect(drive.account('alice').files).toMatchObject([{ content: KEY }])
  })

  test('begins again if its file was deleted meanwhile', async () => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    drive.setFaults((_, n) => (n >= 5 ? { type: 'disconnect' } : undefined))
    await caught(device.write(ID, KEY))
    drive.setFaults()
    await deviceOf(drive).delete(ID)
    expect(await caught(device.write(ID, KEY))).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    await device.write(ID, KEY)
    expect(drive.account('alice').files).toMatchObject([{ content: KEY }])
  })

  test('is deleted with the key', async () => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    drive.account('alice').lag = { byFolder: { ms: Infinity } }
    await caught(device.write(ID, KEY))
    await device.delete(ID)
    expect(drive.account('alice').files).toEqual([])
  })
})

describe('an abort', () => {
  /** Aborts when the `n`-th request is under way, which then gets no response. */
  const hangingAt = (n: number, controller: AbortController): FaultPlan => {
    return (_, current) => {
      if (current !== n) return undefined
      setTimeout(() => controller.abort(), 1)
      return { type: 'delay', ms: Infinity }
    }
  }

  test.each([1, 2, 3, 4, 5])('ends a write at request %i, which may be done again', async (n) => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    const controller = new AbortController()
    drive.setFaults(hangingAt(n, controller))
    expect(await caught(device.write(ID, KEY, { signal: controller.signal }))).toMatchObject({ code: 'ABORTED' })
    drive.setFaults()
    await device.write(ID, KEY)
    expect(drive.account('alice').files).toMatchObject([{ content: KEY }])
  })

  test('ends every call before its first request, and while it gets a token', async () => {
    const drive = stoppedDrive()
    const signal = AbortSignal.abort()
    const device = deviceOf(drive, 'alice', { getToken: () => expect.unreachable() })
    for (const work of [device.probe({ signal }), device.read(ID, { signal }), device.delete(ID, { signal })]) {
      expect(await caught(work)).toMatchObject({ code: 'ABORTED' })
    }
    const controller = new AbortController()
    const waiting = deviceOf(drive, 'alice', {
      getToken({ signal: given }) {
        expect(given).toBe(controller.signal)
        setTimeout(() => controller.abort(), 1)
        return new Promise(() => {})
      },
    })
    expect(await caught(waiting.read(ID, { signal: controller.signal }))).toMatchObject({ code: 'ABORTED' })
    expect(drive.calls).toEqual([])
  })
})

test('a time-out is STORAGE_UNAVAILABLE, also where fetch ignores its signal', async () => {
  const device = deviceOf(stoppedDrive(), 'alice', { fetch: () => new Promise(() => {}), timeoutMs: 5 })
  const error = await caught(device.read(ID))
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true, message: /in time/ })
})
