import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { MpcError } from '../../src/errors.ts'
import { fileStore } from '../../src/storage/file.ts'
import type { ShareStore, StoredValue } from '../../src/storage/types.ts'
import { onFaultyDisk, type DiskFault } from '../support/faulty-fs.ts'

vi.mock('node:fs/promises', async (importOriginal) => {
  const { faultyFs } = await import('../support/faulty-fs.ts')
  return faultyFs(await importOriginal())
})

let root = ''
let places = 0
const newPlace = () => join(root, `place-${places++}`)

beforeAll(async () => {
  // Hundreds of small stores: in memory where there is such a folder.
  const home = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  root = await mkdtemp(join(home, 'reshare-file-faults-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const OLD = new Uint8Array(3000).fill(1)
const NEW = new Uint8Array(4000).fill(2)

/** What a user of the store does, and what the key holds if it was done; the value before otherwise. */
const CALLS: Record<
  string,
  { run: (store: ShareStore, version: string) => Promise<unknown>; after?: Uint8Array | null }
> = {
  replace: { run: (store, version) => store.write('a', NEW, version), after: NEW },
  create: { run: (store) => store.write('b', NEW, null) },
  delete: { run: (store) => store.delete('a'), after: null },
  read: { run: (store) => store.read('a') },
  list: { run: (store) => store.list('') },
  probe: { run: (store) => store.probe() },
}

const FAULTS: readonly DiskFault[] = [
  { fails: 'ENOSPC' },
  { fails: 'EIO' },
  { doneAndFails: 'EIO' },
  { doneAndFails: 'ENOSPC' },
  { half: 'ENOSPC' },
  { half: 'silent' },
  { gone: true },
]

const CODES = ['STORAGE_FULL', 'STORAGE_UNAVAILABLE']

describe.each(Object.entries(CALLS))('%s on a disk that fails at any one call', (name, { run, after }) => {
  test.each(FAULTS.filter((fault) => (name !== 'read' && name !== 'list' ? true : !('doneAndFails' in fault))))(
    '%o',
    async (fault) => {
      const wholes = new Set([String(OLD), ...(after ? [String(after)] : [])])
      let last = 1
      for (; ; last++) {
        const place = newPlace()
        const version = await fileStore(place).write('a', OLD, null)
        const { value, error, struck, call } = await onFaultyDisk(fault, last, () => run(fileStore(place), version))
        if (!struck) break
        const where = `${name}, call ${last} (${call})`

        const store = fileStore(place)
        const found = await store.read('a')
        const changed = found?.version !== version
        if (error !== undefined) {
          expect(error, where).toBeInstanceOf(MpcError)
          const { code } = error as MpcError
          expect(CODES, where).toContain(code)
          // "There is no room" promises that nothing has changed.
          if (code === 'STORAGE_FULL') expect(changed, where).toBe(false)
        } else {
          expect(changed, where).toBe(after !== undefined)
          if (name === 'read') expect(value, where).toEqual({ value: OLD, version })
          if (name === 'list') expect(value, where).toEqual(['a'])
          if (name === 'create') expect((await store.read('b'))?.version, where).toBe(value)
        }
        // The value from before, or the whole new one; nothing only where it was deleted.
        if (found === undefined) expect(after, where).toBe(null)
        else expect(wholes, where).toContain(String(found.value))
        const created = name === 'create' ? await store.read('b') : undefined
        if (created !== undefined) expect(created.value, where).toEqual(NEW)
        expect(await store.list(''), where).toEqual([...(found ? ['a'] : []), ...(created ? ['b'] : [])])
        // A claim that could not be given back is this process's, which still runs.
        if (!('gone' in fault)) await usable(store, found, where)
      }
      expect(last).toBeGreaterThan(1)
    },
  )
})

async function usable(store: ShareStore, found: StoredValue | undefined, where: string): Promise<void> {
  const next = await store.write('a', NEW, found?.version ?? null)
  expect(await store.read('a'), where).toEqual({ value: NEW, version: next })
}

test('a disk that went back to an earlier state gives the earlier value, and refuses later versions', async () => {
  const place = newPlace()
  const store = fileStore(place)
  const first = await store.write('a', OLD, null)
  const [share = ''] = (await readdir(place)).filter((file) => file.endsWith('.share'))
  const copy = join(root, 'copy')
  await copyFile(join(place, share), copy)
  const second = await store.write('a', NEW, first)
  await copyFile(copy, join(place, share))
  expect(await store.read('a')).toEqual({ value: OLD, version: first })
  await expect(store.write('a', NEW, second)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' })
  await expect(store.write('a', NEW, null)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' })
  expect(await store.write('a', NEW, first)).not.toBe(second)
})

describe('a disk that is really full', () => {
  const namespaces = spawnSync('unshare', ['-rm', 'true']).status === 0
  let script = ''

  beforeAll(async () => {
    script = join(root, 'fill.mjs')
    const entry = fileURLToPath(new URL('file-fill.node.ts', import.meta.url))
    await build({
      entryPoints: [entry],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
    })
  })

  const expectFull = async (command: string, directory: string) => {
    const { stdout } = await promisify(execFile)('sh', ['-c', command, 'sh', directory, process.execPath, script])
    const { refusals, ...rest } = JSON.parse(stdout) as { refusals: string[]; writes: number; leftovers: number }
    expect([...new Set(refusals)]).toEqual(['STORAGE_FULL'])
    expect(rest.writes).toBeGreaterThan(0)
    expect(rest.leftovers).toBe(0)
  }

  test.skipIf(!namespaces)('of 256 KB: STORAGE_FULL, the value before stays, smaller ones still fit', async () => {
    const mount = 'mkdir -p "$1" && mount -t tmpfs -o size=256k,mode=0700 none "$1" && exec "$2" "$3" "$1"'
    await expectFull(`exec unshare -rm sh -c '${mount}' sh "$@"`, join(root, 'mounted'))
  })

  test.skipIf(process.platform === 'win32')('for files over 64 KB: the same', async () => {
    await expectFull('ulimit -f 128 && exec "$2" "$3" "$1"', join(root, 'limited'))
  })
})
