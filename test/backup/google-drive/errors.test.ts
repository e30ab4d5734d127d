import { describe, expect, test } from 'vitest'
import { atRequest, driveError, type DriveErrorReason } from '../../../src/emulators/index.ts'
import { deviceOf, stoppedDrive } from './support/device.ts'

const ID = '0123456789abcdef'.repeat(2)
const KEY = new Uint8Array([1, 2, 3])

const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('an error of Google Drive', () => {
  test.each<[DriveErrorReason, object]>([
    ['storageQuotaExceeded', { code: 'STORAGE_FULL', retryable: false }],
    ['insufficientPermissions', { code: 'STORAGE_UNAVAILABLE', retryable: false, message: /drive\.appdata/ }],
    ['insufficientScopes', { code: 'STORAGE_UNAVAILABLE', retryable: false, message: /drive\.appdata/ }],
    ['accessNotConfigured', { code: 'STORAGE_UNAVAILABLE', retryable: false, message: /not enabled/ }],
    ['domainPolicy', { code: 'STORAGE_UNAVAILABLE', retryable: false, message: /403 \(domainPolicy\)/ }],
    ['badRequest', { code: 'STORAGE_UNAVAILABLE', retryable: false, message: /400/ }],
  ])('%s ends the call at once', async (reason, expected) => {
    const drive = stoppedDrive()
    drive.setFaults(atRequest(3, driveError(reason)))
    const error = await caught(deviceOf(drive).write(ID, KEY))
    const { message, ...rest } = expected as { message?: RegExp }
    expect(error).toMatchObject({ ...rest, ...(message && { message: expect.stringMatching(message) }) })
    expect(drive.calls).toHaveLength(3)
  })

  test.each<DriveErrorReason>([
    'rateLimitExceeded',
    'userRateLimitExceeded',
    'tooManyRequests',
    'internalError',
    'backendError',
  ])('%s is waited for, twice as long each time, and at most four times', async (reason) => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    drive.setFaults((_, n) => (n <= 4 ? driveError(reason) : undefined))
    await device.write(ID, KEY)
    expect(device.pauses).toHaveLength(4)
    for (const [i, ms] of device.pauses.entries()) {
      expect(ms).toBeGreaterThanOrEqual(250 * 2 ** i)
      expect(ms).toBeLessThan(750 * 2 ** i)
    }
    drive.setFaults(() => driveError(reason))
    expect(await caught(deviceOf(drive).read(ID))).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
  })

  test('is known by its details too', async () => {
    const drive = stoppedDrive()
    const body = JSON.stringify({ error: { details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }] } })
    drive.setFaults(() => ({ type: 'respond', status: 403, body }))
    expect(await caught(deviceOf(drive).read(ID))).toMatchObject({ message: expect.stringContaining('drive.appdata') })
  })

  test('408 is waited for', async () => {
    const drive = stoppedDrive()
    drive.setFaults(atRequest(1, { type: 'respond', status: 408 }))
    expect(await deviceOf(drive).read(ID)).toBeUndefined()
  })

  test('is repeated no sooner than Drive asks for, and not at all if that is long', async () => {
    const drive = stoppedDrive()
    const device = deviceOf(drive)
    drive.setFaults(atRequest(1, driveError('tooManyRequests', { 'retry-after': '7' })))
    await device.write(ID, KEY)
    expect(device.pauses).toEqual([7_000])
    drive.setFaults(atRequest(1, driveError('backendError', { 'retry-after': '600' })))
    const error = await caught(deviceOf(drive).read(ID))
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true, retryAfterMs: 600_000 })
  })

  test('that the storage is full is said of a real one, and room helps', async () => {
    const drive = stoppedDrive()
    drive.account('alice').quotaBytes = 2
    const device = deviceOf(drive)
    expect(await caught(device.write(ID, KEY))).toMatchObject({ code: 'STORAGE_FULL' })
    drive.account('alice').quotaBytes = 3
    await device.write(ID, KEY)
    expect(await deviceOf(drive).read(ID)).toEqual(KEY)
  })

  test.each(['<script>', 'a'.repeat(65), 3, null])('repeats no reason that can be none: %s', async (reason) => {
    const drive = stoppedDrive()
    const body = JSON.stringify({ error: { errors: [{ reason }] } })
    drive.setFaults(() => ({ type: 'respond', status: 403, body }))
    expect(await caught(deviceOf(drive).read(ID))).toMatchObject({ message: 'Google Drive: status 403' })
  })
})
