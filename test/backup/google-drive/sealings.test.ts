import { describe, expect, test } from 'vitest'
import { cloudKey, openBackup, sealBackup } from '../../../src/backup/index.ts'
import { atRequest, driveError, type Fault } from '../../../src/emulators/index.ts'
import { isMpcError } from '../../../src/errors.ts'
import { seededRandom } from '../../support/random.ts'
import { record } from '../fixtures.ts'
import { deviceOf, stoppedDrive } from './support/device.ts'

const original = record(seededRandom())

const FAULTS: Record<string, Fault> = {
  'a lost response': { type: 'disconnect', carriedOut: true },
  'a short body': { type: 'truncate', clean: true },
  '500 after it was carried out': { type: 'respond', status: 500, carriedOut: true },
  'a missing scope': driveError('insufficientPermissions'),
  'a full Drive': driveError('storageQuotaExceeded'),
  '404': driveError('notFound'),
  '409': driveError('fileIdInUse'),
  'an empty listing': { type: 'respond', status: 200, body: '{"files":[]}' },
  '204': { type: 'respond', status: 204 },
}

const methodOf = (device: ReturnType<typeof deviceOf>) => cloudKey({ provider: 'GDRIVE', storage: device })

/** Seals with a fault at request `n`, and after it if not `once`. Checks what was sealed, and gives the files if nothing was. */
async function filesOfFailure(fault: Fault, n: number, once: boolean): Promise<readonly unknown[]> {
  const drive = stoppedDrive(n)
  drive.setFaults(once ? atRequest(n, fault) : (_, k) => (k >= n ? fault : undefined))
  const sealed = await sealBackup({ record: original, methods: [methodOf(deviceOf(drive))] }).catch(
    (error: unknown) => {
      if (isMpcError(error, 'STORAGE_UNAVAILABLE', 'STORAGE_FULL', 'STORAGE_CONFLICT')) return undefined
      throw error
    },
  )
  drive.setFaults()
  const { files } = drive.account('alice')
  if (sealed === undefined) return files
  expect(files).toHaveLength(1)
  expect(await openBackup({ cipherText: sealed, methods: [methodOf(deviceOf(drive))] })).toEqual(original)
  return []
}

describe.each(Object.entries(FAULTS))('a sealing with %s', (_, fault) => {
  // Request 7 is of sealBackup, which opens what it has sealed: a key that it cannot read then stays.
  test.each([1, 2, 3, 4, 5, 6])('at request %i opens on another device, or leaves no key behind', async (n) => {
    expect(await filesOfFailure(fault, n, true)).toEqual([])
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('from request %i on opens on another device, or one key is left', async (n) => {
    expect((await filesOfFailure(fault, n, false)).length).toBeLessThanOrEqual(1)
  })
})
