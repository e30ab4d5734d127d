import { describe, expect, test, vi } from 'vitest'
import { cloudKeyConformance } from '../../../src/backup/conformance.ts'
import { cloudKey, openBackup, sealBackup } from '../../../src/backup/index.ts'
import { googleDrive } from '../../../src/backup/google-drive/index.ts'
import { atRequest, driveError } from '../../../src/emulators/index.ts'
import { seededRandom } from '../../support/random.ts'
import { record } from '../fixtures.ts'
import { deviceOf, requestsOf, stoppedDrive } from './support/device.ts'

const random = seededRandom()
const ID = '0123456789abcdef'.repeat(2)
const NAME = `reshare-${ID}.key`
const KEY = new Uint8Array([1, 2, 3])

const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('Google Drive passes the cloud key conformance suite', () => {
  const drive = stoppedDrive()
  for (const { name, run } of cloudKeyConformance((place) => deviceOf(drive, place))) test(name, run)
})

describe('Google Drive with listings that lag behind passes it too', () => {
  const drive = stoppedDrive()
  const open = (place: string) => {
    drive.account(place).lag = { byFolder: { listings: 2, ms: 900 } }
    return deviceOf(drive, place)
  }
  // Writers that do not see each other both win: no client can do better.
  const checks = cloudKeyConformance(open).filter(({ name }) => name !== 'never overwrites')
  for (const { name, run } of checks) test(name, run)
})

describe('a key in Google Drive', () => {
  test('is written once it is read back and listed, with these requests', async () => {
    const drive = stoppedDrive()
    await deviceOf(drive).write(ID, KEY)
    expect(requestsOf(drive)).toEqual([
      'GET /drive/v3/files',
      'GET /drive/v3/files/generateIds',
      'POST /upload/drive/v3/files',
      'GET /drive/v3/files/ID',
      'GET /drive/v3/files',
    ])
    expect(drive.account('alice').files).toMatchObject([{ name: NAME, content: KEY }])
    expect(drive.calls.filter(({ url }) => url.href.includes('ya29'))).toEqual([])
  })

  test('is wiped from what was sent, and not from what the caller has', async () => {
    const drive = stoppedDrive()
    const sent: Uint8Array[] = []
    const device = deviceOf(drive, 'alice', {
      fetch(url, init) {
        if (init.body) sent.push(init.body as Uint8Array)
        return drive.fetch(url, init)
      },
    })
    drive.setFaults(atRequest(3, driveError('backendError')))
    const bytes = KEY.slice()
    await device.write(ID, bytes)
    expect(bytes).toEqual(KEY)
    expect(sent.map((body) => body.some((byte) => byte !== 0))).toEqual([false, false])
  })

  test('is wiped from what was sent also where fetch fails', async () => {
    const drive = stoppedDrive()
    const sent: Uint8Array[] = []
    const device = deviceOf(drive, 'alice', {
      fetch(url, init) {
        if (init.body) sent.push(init.body as Uint8Array)
        return init.body ? Promise.reject(new Error('no network')) : drive.fetch(url, init)
      },
    })
    expect(await caught(device.write(ID, KEY))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(sent.map((body) => body.some((byte) => byte !== 0))).toEqual(Array(5).fill(false))
  })

  test('opens the backup that it was made for, on another device', async () => {
    const drive = stoppedDrive()
    const methodOf = (account: string) => cloudKey({ provider: 'GDRIVE', storage: deviceOf(drive, account) })
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [methodOf('alice')] })
    expect(await openBackup({ cipherText, methods: [methodOf('alice')] })).toEqual(original)
    const error = await caught(openBackup({ cipherText, methods: [methodOf('bob')] }))
    expect(error).toMatchObject({ code: 'DECRYPT_FAILED' })
    drive.account('alice').deleteFolder()
    expect(await caught(openBackup({ cipherText, methods: [methodOf('alice')] }))).toMatchObject({
      code: 'DECRYPT_FAILED',
    })
  })

  test('is found among more files than a page has, and those of other code', async () => {
    const drive = stoppedDrive()
    await deviceOf(drive).write(ID, KEY)
    for (let i = 0; i < 2_100; i++) drive.account('alice').addFile(`settings ${i}`, KEY)
    expect(await deviceOf(drive).read(ID)).toEqual(KEY)
    expect(drive.calls.filter(({ url }) => url.searchParams.has('pageToken'))).toHaveLength(2)
  })

  test('is waited for while the listing is behind', async () => {
    const drive = stoppedDrive()
    drive.account('alice').addFile(NAME, KEY)
    drive.account('alice').lag = { byFolder: { ms: 4_000 } }
    const device = deviceOf(drive)
    expect(await device.read(ID)).toEqual(KEY)
    expect(device.pauses.reduce((sum, ms) => sum + ms)).toBe(5_000)
    drive.account('alice').lag = { byFolder: { ms: 60_000 } }
    expect(await device.read(ID)).toBeUndefined()
  })

  test('is deleted while the listing is behind', async () => {
    const drive = stoppedDrive()
    drive.account('alice').addFile(NAME, KEY)
    drive.account('alice').lag = { byFolder: { ms: 4_000 } }
    const device = deviceOf(drive)
    await device.delete(ID)
    expect(drive.account('alice').files).toEqual([])
    expect(device.pauses.reduce((sum, ms) => sum + ms)).toBe(5_000)
    // The listing still shows it until then.
    drive.clock.advance(4_000)
    await device.delete(ID)
    expect(device.pauses.reduce((sum, ms) => sum + ms)).toBe(13_000)
  })

  test('that is never listed is not written, and the same write again goes on with it', async () => {
    const drive = stoppedDrive()
    drive.account('alice').lag = { byFolder: { ms: 60_000 } }
    const device = deviceOf(drive)
    expect(await caught(device.write(ID, KEY))).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    drive.clock.advance(60_000)
    await device.write(ID, KEY)
    expect(drive.account('alice').files).toHaveLength(1)
    // Another device must not take it for its own.
    expect(await caught(deviceOf(drive).write(ID, KEY))).toMatchObject({ code: 'STORAGE_CONFLICT' })
  })

  test('is read by its file id on the device that wrote it, whatever listings show', async () => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    await device.write(ID, KEY)
    drive.account('alice').lag = { byFolder: { ms: Infinity } }
    const before = drive.calls.length
    expect(await device.read(ID)).toEqual(KEY)
    expect(requestsOf(drive).slice(before)).toEqual(['GET /drive/v3/files/ID'])
    await device.delete(ID)
    expect(drive.account('alice').files).toEqual([])
  })

  test('in two files is read if they agree, and is an error that says so if they differ', async () => {
    const drive = stoppedDrive()
    drive.account('alice').addFile(NAME, KEY)
    drive.account('alice').addFile(NAME, KEY)
    expect(await deviceOf(drive).read(ID)).toEqual(KEY)
    drive.account('alice').addFile(NAME, new Uint8Array([1, 2, 4]))
    const error = await caught(deviceOf(drive).read(ID))
    expect(error).toMatchObject({ code: 'STORAGE_CONFLICT', message: expect.stringContaining('two files') })
    await deviceOf(drive).delete(ID)
    expect(drive.account('alice').files).toEqual([])
  })

  test('is refused if it is not one', async () => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    for (const id of ['', '../x', ID.toUpperCase(), `${ID}0`]) {
      for (const work of [() => device.read(id), () => device.write(id, KEY), () => device.delete(id)]) {
        await expect(work()).rejects.toThrow(TypeError)
      }
    }
    await expect(device.write(ID, [1, 2, 3] as never)).rejects.toThrow(TypeError)
    expect(drive.calls).toEqual([])
  })
})

describe('a probe', () => {
  test('leaves nothing behind, also where it fails', async () => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    await device.probe()
    for (let n = 1; n <= 8; n++) {
      drive.setFaults(atRequest(n, driveError('badRequest')))
      expect(await caught(device.probe())).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      expect(drive.account('alice').files).toEqual([])
    }
    drive.setFaults((_, n) => (n >= 1 ? { type: 'disconnect' } : undefined))
    await caught(device.probe())
    expect(device.pauses).toHaveLength(4)
  })
})

describe('an aborted probe', () => {
  test.each([3, 4, 5, 6, 7, 8])('leaves nothing behind at request %i', async (n) => {
    const drive = stoppedDrive()
    const controller = new AbortController()
    drive.setFaults((_, current) => {
      if (current === n) controller.abort()
      return undefined
    })
    const error = await caught(deviceOf(drive).probe({ signal: controller.signal }))
    expect(error).toMatchObject({ code: 'ABORTED' })
    await vi.waitFor(() => expect(drive.account('alice').files).toEqual([]))
  })
})

describe('googleDrive', () => {
  test('refuses wrong options', () => {
    const getToken = () => 'x'
    expect(() => googleDrive(undefined as never)).toThrow(TypeError)
    expect(() => googleDrive({} as never)).toThrow(TypeError)
    expect(() => googleDrive({ getToken, fetch: 1 as never })).toThrow(TypeError)
    expect(() => googleDrive({ getToken, endpoint: 'http://drive.example' })).toThrow(TypeError)
    expect(() => googleDrive({ getToken, timeoutMs: 0 })).toThrow(RangeError)
  })

  test('works with the options that an app gives', async () => {
    const drive = stoppedDrive()
    const token = drive.token('alice')
    const options: RequestInit[] = []
    const storage = googleDrive({
      getToken: async () => token,
      fetch: (url, init) => (options.push(init), drive.fetch(url, init)),
      endpoint: 'http://localhost:1/drive/',
    })
    await storage.probe()
    expect(drive.account('alice').files).toEqual([])
    expect(new Set(options.flatMap((init) => Object.keys(init)))).toEqual(
      new Set(['method', 'headers', 'signal', 'redirect', 'body']),
    )
    expect(options.every(({ redirect }) => redirect === 'manual')).toBe(true)
    expect(new Set(drive.calls.map(({ url }) => url.pathname.split('/')[1]))).toEqual(new Set(['drive']))
  })
})
