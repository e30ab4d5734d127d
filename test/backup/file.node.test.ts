import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cloudKeyConformance } from '../../src/backup/conformance.ts'
import { fileCloudKey } from '../../src/backup/methods/file.ts'
import { cloudKey, openBackup, sealBackup } from '../../src/backup/index.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, record } from './fixtures.ts'

const ID = '0123456789abcdef'.repeat(2)
let root = ''

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'reshare-cloud-key-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

describe('cloud key in a directory', () => {
  for (const { name, run } of cloudKeyConformance((place) => fileCloudKey(join(root, place)))) test(name, run)

  test('opens from another process what this one sealed', async () => {
    const directory = join(root, 'drive')
    const method = () => cloudKey({ provider: 'GDRIVE', storage: fileCloudKey(directory) })
    await method().probe()
    const original = record(seededRandom())
    const cipherText = await sealBackup({ record: original, methods: [method()] })
    expect(await openBackup({ cipherText, methods: [method()] })).toEqual(original)
    const [name, ...more] = await readdir(directory)
    expect(more).toEqual([])
    expect((await stat(join(directory, name ?? ''))).mode & 0o777).toBe(0o600)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
  })

  test('never overwrites, and one of several writers wins', async () => {
    const storage = fileCloudKey(join(root, 'race'))
    const writes = [1, 2, 3, 4].map((value) => codeOf(storage.write(ID, new Uint8Array([value]))))
    const codes = await Promise.all(writes)
    expect([...codes].sort()).toEqual(['STORAGE_CONFLICT', 'STORAGE_CONFLICT', 'STORAGE_CONFLICT', 'no error'])
    expect(await storage.read(ID)).toEqual(new Uint8Array([codes.indexOf('no error') + 1]))
    await storage.delete(ID)
    await storage.delete(ID)
    expect(await storage.read(ID)).toBeUndefined()
    expect(await readdir(join(root, 'race'))).toEqual([])
  })

  test('takes no id that is a path', async () => {
    const storage = fileCloudKey(join(root, 'ids'))
    for (const id of ['../outside', '', `${ID}/`, ID.toUpperCase()]) {
      await expect(storage.write(id, new Uint8Array(1))).rejects.toThrow(TypeError)
      await expect(storage.read(id)).rejects.toThrow(TypeError)
      await expect(storage.delete(id)).rejects.toThrow(TypeError)
    }
    expect(() => fileCloudKey('')).toThrow(TypeError)
  })

  test('a directory that is none is STORAGE_UNAVAILABLE', async () => {
    const path = join(root, 'a-file')
    await writeFile(path, '')
    const storage = fileCloudKey(path)
    expect(await codeOf(storage.probe())).toBe('STORAGE_UNAVAILABLE')
    expect(await codeOf(storage.read(ID))).toBe('STORAGE_UNAVAILABLE')
  })
})
