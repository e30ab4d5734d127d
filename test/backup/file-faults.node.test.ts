import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { fileCloudKey } from '../../src/backup/methods/file.ts'
import { cloudKey, sealBackup } from '../../src/backup/index.ts'
import { onFaultyDisk, type DiskFault } from '../support/faulty-fs.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, record } from './fixtures.ts'

vi.mock('node:fs/promises', async (importOriginal) => {
  const { faultyFs } = await import('../support/faulty-fs.ts')
  return faultyFs(await importOriginal())
})

const ID = '0123456789abcdef'.repeat(2)
const OTHER = 'fedcba9876543210'.repeat(2)
const KEY = new Uint8Array(2000).fill(3)
let root = ''
let places = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'reshare-cloud-faults-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const FAULTS: readonly DiskFault[] = [
  { fails: 'ENOSPC' },
  { fails: 'EIO' },
  { doneAndFails: 'EDQUOT' },
  { half: 'EFBIG' },
  { gone: true },
]

test.each(FAULTS)('a key appears whole or not at all on a disk that fails at any one call: %o', async (fault) => {
  for (let last = 1; ; last++) {
    const directory = join(root, `place-${places++}`)
    await fileCloudKey(directory).write(OTHER, KEY)
    const { error, struck, call } = await onFaultyDisk(fault, last, () => fileCloudKey(directory).write(ID, KEY))
    const storage = fileCloudKey(directory)
    const found = await storage.read(ID)
    expect(await storage.read(OTHER), call).toEqual(KEY)
    if (found !== undefined) expect(found, call).toEqual(KEY)
    if (error === undefined) expect(found, call).toEqual(KEY)
    else expect((error as { code: string }).code, call).toMatch(/^STORAGE_(FULL|UNAVAILABLE)$/)
    if ((error as { code?: string } | undefined)?.code === 'STORAGE_FULL') expect(found, call).toBeUndefined()
    if (!struck) return expect(last).toBeGreaterThan(5)
  }
})

test('a disk that keeps half of a key and says that all is well seals nothing', async () => {
  const method = cloudKey({ provider: 'GDRIVE', storage: fileCloudKey(join(root, 'half')) })
  for (let last = 1; ; last++) {
    const original = record(seededRandom())
    const seal = () => sealBackup({ record: original, methods: [method] })
    const { error, struck, call } = await onFaultyDisk({ half: 'silent' }, last, seal)
    if (!struck) return expect(last).toBeGreaterThan(5)
    if (call === 'write' || call === 'read') {
      expect(await codeOf(Promise.reject(error))).toMatch(/^(STORAGE_UNAVAILABLE|DECRYPT_FAILED)$/)
    }
  }
})
