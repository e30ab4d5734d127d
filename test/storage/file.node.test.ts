import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { storeConformance } from '../../src/storage/conformance.ts'
import { fileName, keyOf } from '../../src/storage/file/names.ts'
import { fileStore } from '../../src/storage/file.ts'

const faults = vi.hoisted(() => ({
  syncCode: undefined as string | undefined,
  linkCode: undefined as string | undefined,
  afterRename: undefined as (() => Promise<unknown>) | undefined,
}))

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>()
  const failure = (code: string) => Object.assign(new Error(code), { code })
  return {
    ...real,
    open: async (...args: Parameters<typeof real.open>) => {
      const file = await real.open(...args)
      const { syncCode } = faults
      if (syncCode !== undefined) file.sync = () => Promise.reject(failure(syncCode))
      return file
    },
    rename: async (...args: Parameters<typeof real.rename>) => {
      await real.rename(...args)
      const { afterRename } = faults
      faults.afterRename = undefined
      await afterRename?.()
    },
    link: async (...args: Parameters<typeof real.link>) => {
      if (faults.linkCode !== undefined) throw failure(faults.linkCode)
      return real.link(...args)
    },
  }
})

let root = ''
let writer = ''
const children: ChildProcess[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'reshare-file-store-'))
  writer = join(root, 'writer.mjs')
  const entry = fileURLToPath(new URL('file-writer.node.ts', import.meta.url))
  await build({
    entryPoints: [entry],
    outfile: writer,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
})

afterEach(() => {
  faults.syncCode = faults.linkCode = faults.afterRename = undefined
})

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(root, { recursive: true, force: true })
})

let places = 0
const newPlace = () => join(root, `place-${places++}`)

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [writer, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return child
}

async function says(child: ChildProcess, text: string): Promise<void> {
  const [chunk] = await once(child.stdout as NodeJS.ReadableStream, 'data')
  expect(String(chunk)).toContain(text)
}

async function onlyShare(place: string): Promise<string> {
  const [name, ...more] = (await readdir(place)).filter((file) => file.endsWith('.share'))
  expect(more).toEqual([])
  return join(place, name ?? '')
}

describe('file store', () => {
  const damage = async (place: string, key: string) => {
    const path = join(root, place, fileName(key))
    const bytes = await readFile(path)
    bytes[bytes.length >> 1]! ^= 1
    await writeFile(path, bytes)
  }
  for (const { name, run } of storeConformance((place) => fileStore(join(root, place)), damage)) test(name, run)

  test('is for its user only', async () => {
    const place = newPlace()
    await fileStore(place).write('../wallet', new Uint8Array(3), null)
    expect((await stat(place)).mode & 0o777).toBe(0o700)
    const share = await onlyShare(place)
    expect((await stat(share)).mode & 0o777).toBe(0o600)
    expect(await readdir(place)).toEqual(['k-_2e_2e_2fwallet.share'])
  })

  test('names files so that their keys can be told, and are apart wherever case is not', () => {
    const keys = ['a', 'A', '_', '_5f', '..', 'CON', 'a\0', 'wallet/0f', 'ключ 🔑', '-', `${'ab/'.repeat(32)}`]
    for (const key of keys) {
      expect(fileName(key)).toMatch(/^k-[a-z0-9_-]+\.share$/)
      expect(keyOf(fileName(key))).toBe(key)
    }
    expect(new Set(keys.map(fileName)).size).toBe(keys.length)
    const long = 'x'.repeat(161)
    expect(fileName(long)).toMatch(/^h-[0-9a-f]{64}\.share$/)
    expect(keyOf(fileName(long))).toBe(undefined)
    for (const name of ['k-.share', 'k-A.share', 'k-_61.share', 'k-_ff.share', 'k-_zz.share', 'k-a', 'a.share']) {
      expect(keyOf(name)).toBe(undefined)
    }
  })

  test('refuses a directory that others may open', async () => {
    const place = newPlace()
    const store = fileStore(place)
    await store.probe()
    await chmod(place, 0o755)
    await expect(fileStore(place).probe()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await chmod(place, 0o700)
    await fileStore(place).probe()
  })

  test('says of a torn, changed or foreign file that it is damaged, and does not write over it', async () => {
    const place = newPlace()
    const store = fileStore(place)
    const version = await store.write('a', new Uint8Array(100).fill(5), null)
    const share = await onlyShare(place)
    const good = await readFile(share)
    const isDamaged = async () => {
      const error = { code: 'SHARE_PARSING_FAILED', retryable: false }
      await expect(store.read('a')).rejects.toMatchObject(error)
      expect(await store.list('')).toEqual(['a'])
      await expect(store.write('a', new Uint8Array(1), version)).rejects.toMatchObject(error)
      await expect(store.write('a', new Uint8Array(1), null)).rejects.toMatchObject(error)
    }
    for (const length of [0, 1, 31, 40, good.length - 1]) {
      await truncate(share, length)
      await isDamaged()
      await writeFile(share, good)
    }
    for (let at = 0; at < good.length; at += 7) {
      const changed = Buffer.from(good)
      changed[at] = (changed[at] as number) ^ 1
      await writeFile(share, changed)
      await isDamaged()
    }
    await writeFile(share, good)
    expect((await store.read('a'))?.version).toBe(version)

    const other = newPlace()
    await fileStore(other).write('b', new Uint8Array(1), null)
    await writeFile(share, await readFile(await onlyShare(other)))
    await expect(store.read('a')).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED', retryable: false })
    await store.delete('a')
    expect(await store.read('a')).toBe(undefined)
    await store.write('a', new Uint8Array(2), null)
    expect((await store.read('a'))?.value).toEqual(new Uint8Array(2))
    expect(await readdir(place)).toHaveLength(1)
  })

  test.each([
    ['a folder', (path: string) => mkdir(path)],
    ['a link to nothing', (path: string) => symlink(`${path}.gone`, path)],
    ['a link to itself', (path: string) => symlink(path, path)],
    ['a file that may not be read', (path: string) => writeFile(path, '', { mode: 0 })],
  ])('%s in place of a file keeps no other key from its use', async (_, make) => {
    const place = newPlace()
    const store = fileStore(place)
    await store.write('a', new Uint8Array(1), null)
    const version = await store.write('b', new Uint8Array(1), null)
    await rm(join(place, fileName('a')))
    await make(join(place, fileName('a')))
    expect(await store.list('b')).toEqual(['b'])
    await store.write('b', new Uint8Array(2), version)
    expect((await store.read('b'))?.value).toEqual(new Uint8Array(2))
    await store.probe()
    const listed = (await store.list('')).includes('a')
    const found = await store.read('a').catch((error: unknown) => error)
    // A link to nothing is as good as nothing.
    if (listed)
      expect(found).toMatchObject({ code: expect.stringMatching(/^(STORAGE_UNAVAILABLE|SHARE_PARSING_FAILED)$/) })
    else expect(found).toBe(undefined)
  })

  test('a full disk is STORAGE_FULL and changes nothing; another fault STORAGE_UNAVAILABLE', async () => {
    const place = newPlace()
    const store = fileStore(place)
    const version = await store.write('a', new Uint8Array([1]), null)
    for (const [syncCode, code] of [
      ['ENOSPC', 'STORAGE_FULL'],
      ['EDQUOT', 'STORAGE_FULL'],
      ['EIO', 'STORAGE_UNAVAILABLE'],
    ] as const) {
      faults.syncCode = syncCode
      await expect(store.write('a', new Uint8Array([2]), version)).rejects.toMatchObject({ code })
      faults.syncCode = undefined
      expect(await store.read('a')).toEqual({ value: new Uint8Array([1]), version })
      expect(await readdir(place)).toHaveLength(1)
    }
    await store.write('a', new Uint8Array([3]), version)
  })

  test('says when the file system has no hard links', async () => {
    faults.linkCode = 'EPERM'
    await expect(fileStore(newPlace()).probe()).rejects.toThrow(/hard links/)
  })

  test('a write stands although the next one follows at once', async () => {
    const place = newPlace()
    const [first, second] = [fileStore(place), fileStore(place)]
    const version = await first.write('a', new Uint8Array([1]), null)
    let next = ''
    faults.afterRename = async () => {
      const stored = await second.read('a')
      next = await second.write('a', new Uint8Array([3]), stored?.version ?? null)
    }
    expect(await first.write('a', new Uint8Array([2]), version)).not.toBe(next)
    expect(await first.read('a')).toEqual({ value: new Uint8Array([3]), version: next })
  })

  test('no update of several processes is lost', async () => {
    const place = newPlace()
    const counters = Array.from({ length: 4 }, () => start(place, 'count', '25'))
    const codes = await Promise.all(counters.map((child) => once(child, 'exit')))
    expect(codes.map(([code]) => code)).toEqual([0, 0, 0, 0])
    const stored = await fileStore(place).read('counter')
    expect(new DataView((stored as { value: Uint8Array }).value.buffer).getUint32(0, true)).toBe(100)
    expect(await readdir(place)).toHaveLength(1)
  })

  test('waits for no running process, and takes over from one that was killed', async () => {
    const place = newPlace()
    const store = fileStore(place)
    let version = await store.write('a', new Uint8Array([1]), null)
    const path = await onlyShare(place)
    // Twice, so that the second one takes over from the first.
    for (let round = 0; round < 2; round++) {
      const holder = start(place, 'hold', path, version)
      await says(holder, 'held')
      await expect(store.write('a', new Uint8Array([2]), version)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' })
      holder.kill('SIGKILL')
      await once(holder, 'exit')
    }
    expect((await readdir(place)).filter((name) => name.endsWith('.claim'))).toHaveLength(2)
    version = await store.write('a', new Uint8Array([3]), version)
    expect(await store.read('a')).toEqual({ value: new Uint8Array([3]), version })
    expect(await readdir(place)).toHaveLength(1)
  })

  test('a process killed while it writes leaves a whole value', async () => {
    const place = newPlace()
    for (let round = 0; round < 5; round++) {
      const child = start(place, 'write')
      await says(child, 'ready')
      const store = fileStore(place)
      const before = (await store.read('spinning'))?.version
      await vi.waitUntil(async () => (await store.read('spinning'))?.version !== before, {
        interval: 1,
        timeout: 30_000,
      })
      child.kill('SIGKILL')
      await once(child, 'exit')
      const stored = await store.read('spinning')
      expect(stored?.value).toEqual(new Uint8Array(50_000).fill(stored?.value[0] ?? 0))
      await store.write('spinning', new Uint8Array(50_000).fill(round), stored?.version ?? null)
      expect(await readdir(place)).toHaveLength(1)
    }
  })
})
