import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { MpcError, isMpcError } from '../errors.ts'
import { isArgumentError } from '../util/brand.ts'
import { equalBytes, fromHex, toHex } from '../util/bytes.ts'
import { systemRandom } from '../util/random.ts'
import { checkKey, checkWrite } from './arguments.ts'
import { conflict, damaged, unavailable } from './failures.ts'
import { claimVersion, isOutdatedClaim } from './file/claim.ts'
import { commit, isAbandoned, removeAll, syncDirectory, temporaryFor, writeNew } from './file/durable.ts'
import { decodeRecord, encodeRecord, type FileRecord } from './file/record.ts'
import type { ShareStore } from './types.ts'

export type { ShareStore, StoredValue } from './types.ts'

/** Concurrent writers may come before a delete this often. */
const DELETE_ATTEMPTS = 16

/**
 * A share store in files, for Node, safe for several processes on one machine.
 *
 * Each key is one file, named by the SHA-256 of the key, that is replaced as a whole: written beside, flushed, read
 * back, renamed, and the name flushed too. Values are as safe as the directory is: they are not encrypted. A deleted key
 * leaves a file without a value, so that a version from before the delete never fits again.
 *
 * @param directory created with mode 0700 if absent; on a local disk with hard links, not shared between machines
 */
export function fileStore(directory: string): ShareStore {
  if (typeof directory !== 'string' || directory === '') throw new TypeError('directory must be a path')
  const root = resolve(directory)
  let prepared: Promise<void> | undefined

  async function run<T>(work: () => Promise<T>): Promise<T> {
    try {
      await (prepared ??= prepare(root))
      return await work()
    } catch (error) {
      // The directory may have been removed or fixed by then.
      prepared = undefined
      throw storageError(error)
    }
  }

  return {
    probe: () =>
      run(async () => {
        const path = join(root, `probe-${toHex(systemRandom(16))}`)
        const bytes = systemRandom(32)
        const temporary = temporaryFor(path)
        try {
          await writeNew(temporary, bytes)
          const release = await claimVersion(path, 'none')
          await commit(temporary, path).finally(release)
          if (!equalBytes(await readFile(path), bytes)) throw unavailable('the disk did not give back the probe')
        } finally {
          await Promise.all([temporary, path].map((file) => rm(file, { force: true })))
        }
      }),

    async read(key) {
      checkKey(key)
      return run(async () => {
        const record = await readRecord(root, key)
        return record?.value && { value: record.value, version: record.version }
      })
    },

    async write(key, value, expectedVersion) {
      checkWrite(key, value, expectedVersion)
      return run(async () => {
        const current = await readRecord(root, key)
        const visible = current?.value === undefined ? null : current.version
        if (visible !== expectedVersion) throw conflict()
        return replace(root, key, value, current)
      })
    },

    async delete(key) {
      checkKey(key)
      await run(async () => {
        for (let attempt = 1; ; attempt++) {
          const current = await readRecord(root, key)
          if (current?.value === undefined) return
          try {
            await replace(root, key, undefined, current)
            return
          } catch (error) {
            const overtaken = isMpcError(error, 'STORAGE_CONFLICT')
            if (!overtaken || attempt === DELETE_ATTEMPTS) throw error
          }
        }
      })
    },

    list: (prefix) =>
      run(async () => {
        const files = (await readdir(root)).filter((name) => name.endsWith('.share'))
        const records = await Promise.all(files.map((file) => readFileRecord(join(root, file))))
        const keys = records.flatMap((record) => (record?.value === undefined ? [] : [record.key]))
        return keys.filter((key) => key.startsWith(prefix)).sort()
      }),
  }
}

async function prepare(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  const { mode } = await stat(root)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw unavailable('other users may open the directory of the share store: set its mode to 0700')
  }
  await removeAll(root, (await readdir(root)).filter(isAbandoned))
  await syncDirectory(resolve(root, '..'))
}

/** Replaces exactly the record `current`, or creates the key where there never was one. */
async function replace(
  root: string,
  key: string,
  value: Uint8Array | undefined,
  current: FileRecord | undefined,
): Promise<string> {
  const path = join(root, fileName(key))
  const version = toHex(systemRandom(16))
  const bytes = encodeRecord({ key, version, value }, fromHex(version))
  const temporary = temporaryFor(path)
  try {
    await writeNew(temporary, bytes)
    const release = await claimVersion(path, current?.version ?? 'none')
    try {
      if ((await readRecord(root, key))?.version !== current?.version) throw conflict()
      await commit(temporary, path)
    } finally {
      await release()
    }
  } finally {
    bytes.fill(0)
    // Left behind, it goes with this process.
    await rm(temporary, { force: true }).catch(() => undefined)
  }
  // The write is durable by now, whatever happens to the leftovers of others.
  await clean(root, key).catch(() => undefined)
  return version
}

/** Removes what ended processes left behind. */
async function clean(root: string, key: string): Promise<void> {
  const names = await readdir(root)
  // Read after the names: a claim among them on any other version than this is on an earlier one.
  const version = (await readRecord(root, key))?.version ?? 'none'
  await removeAll(
    root,
    names.filter((name) => isAbandoned(name) || isOutdatedClaim(name, fileName(key), version)),
  )
}

async function readRecord(root: string, key: string): Promise<FileRecord | undefined> {
  const record = await readFileRecord(join(root, fileName(key)))
  if (record !== undefined && record.key !== key) throw damaged('a file of the share store belongs to another key')
  return record
}

async function readFileRecord(path: string): Promise<FileRecord | undefined> {
  let bytes: Uint8Array
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path)
    bytes = new Uint8Array(buffer, byteOffset, byteLength)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return decodeRecord(bytes)
  } catch (cause) {
    throw damaged(`a file of the share store is damaged: ${(cause as Error).message}`, cause)
  } finally {
    bytes.fill(0)
  }
}

function fileName(key: string): string {
  return `${createHash('sha256').update(key, 'utf8').digest('hex')}.share`
}

function storageError(error: unknown): unknown {
  if (isMpcError(error) || isArgumentError(error)) return error
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new MpcError('STORAGE_FULL', 'the disk of the share store is full', { cause: error })
  }
  return unavailable(`the share store failed (${code ?? 'unknown'})`, error)
}
