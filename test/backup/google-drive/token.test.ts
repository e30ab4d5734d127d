import { describe, expect, test, vi } from 'vitest'
import { cloudKey } from '../../../src/backup/index.ts'
import { driveError } from '../../../src/emulators/index.ts'
import { deviceOf, stoppedDrive } from './support/device.ts'

const ID = '0123456789abcdef'.repeat(2)
const KEY = new Uint8Array([1, 2, 3])

const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a token of Google Drive', () => {
  test('that has expired is replaced once for a request', async () => {
    const drive = stoppedDrive()
    const asked: boolean[] = []
    let token = drive.token('alice', { expiresInMs: 0 })
    const device = deviceOf(drive, 'alice', {
      getToken({ force }) {
        asked.push(force)
        if (force) token = drive.token('alice')
        return token
      },
    })
    await device.write(ID, KEY)
    expect(asked).toEqual([false, true, false, false, false, false])
  })

  test('is forced once for a request, however often that is repeated', async () => {
    const drive = stoppedDrive()
    const asked: boolean[] = []
    const getToken = ({ force }: { force: boolean }) => (asked.push(force), drive.token('alice'))
    const faults = ['authError', 'backendError', 'authError'] as const
    drive.setFaults((_, n) => (faults[n - 1] === undefined ? undefined : driveError(faults[n - 1]!)))
    const error = await caught(deviceOf(drive, 'alice', { getToken }).read(ID))
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    expect([asked, drive.calls.length]).toEqual([[false, true], 3])
  })

  test('that is refused although it is fresh ends the call', async () => {
    const drive = stoppedDrive()
    const device = deviceOf(drive, 'alice', { getToken: () => 'ya29.none' })
    const error = await caught(device.read(ID))
    expect(error).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: false,
      message: expect.stringContaining('sign in'),
    })
    expect(drive.calls).toHaveLength(2)
  })

  test.each([[['https://www.googleapis.com/auth/drive.file']], [['openid']]])(
    'with the scopes %s is an error that says which is missing',
    async (scopes) => {
      const drive = stoppedDrive()
      const device = deviceOf(drive, 'alice', { getToken: () => drive.token('alice', { scopes }) })
      const error = await caught(device.probe())
      expect(error).toMatchObject({ retryable: false, message: expect.stringContaining('auth/drive.appdata') })
    },
  )

  test.each([undefined, '', 'two words', 'x\r\nx: y', 7])(
    'that is none is an error, not retryable: %s',
    async (token) => {
      const drive = stoppedDrive()
      const device = deviceOf(drive, 'alice', { getToken: () => token as never })
      const expected = { code: 'STORAGE_UNAVAILABLE', retryable: false, message: /gave no access token$/ }
      await expect(device.read(ID)).rejects.toMatchObject({
        ...expected,
        message: expect.stringMatching(expected.message),
      })
      // Through a backup method too.
      const method = cloudKey({ provider: 'GDRIVE', storage: device })
      await expect(method.probe()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
      expect(drive.calls).toEqual([])
    },
  )

  test('is in no error, whatever fetch throws', async () => {
    const token = 'ya29.secret'
    const fetch = (url: string, init: RequestInit) =>
      Promise.reject(Object.assign(new Error(JSON.stringify(init)), { config: { url, init } }))
    const device = deviceOf(stoppedDrive(), 'alice', { getToken: () => token, fetch })
    const error = await caught(device.read(ID))
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    expect((error as Error).cause).toBeUndefined()
    expect(`${String(error)} ${(error as Error).stack}`).not.toContain(token)
  })

  test('that its source does not get is STORAGE_UNAVAILABLE, asked for once', async () => {
    let asked = 0
    const device = deviceOf(stoppedDrive(), 'alice', {
      getToken() {
        asked++
        throw Object.assign(new Error('no network'), { headers: { authorization: 'ya29.secret' } })
      },
    })
    const error = await caught(device.read(ID))
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    expect((error as Error).cause).toBeUndefined()
    expect(asked).toBe(1)
  })

  test('that does not come is waited for five minutes', async () => {
    vi.useFakeTimers()
    try {
      const device = deviceOf(stoppedDrive(), 'alice', { getToken: () => new Promise(() => {}) })
      let error: unknown
      void caught(device.read(ID)).then((thrown) => (error = thrown))
      await vi.advanceTimersByTimeAsync(299_999)
      expect(error).toBeUndefined()
      await vi.advanceTimersByTimeAsync(1)
      expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    } finally {
      vi.useRealTimers()
    }
  })
})
