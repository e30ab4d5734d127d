import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { MpcError, isMpcError } from '../errors.ts'
import { errorMessage, isArgumentError } from '../util/brand.ts'
import { abytes, equalBytes, fromHex, toHex, wipe } from '../util/bytes.ts'
import { systemRandom } from '../util/random.ts'
import { checkKey, checkPrefix, checkWrite } from './arguments.ts'
import { conflict, damaged, unavailable } from './failures.ts'
import { claimVersion, isOutdatedClaim } from './file/claim.ts'
import { commit, isAbandoned, removeAll, syncDirectory, temporaryFor, writeNew } from './file/durable.ts'
import { fileName, isKeyFile, keyOf } from './file/names.ts'
import { decodeRecord, encodeRecord, type FileRecord } from './file/record.ts'
import type { ShareStore } from './types.ts'

export type { ShareStore, StoredValue } from './types.ts'

/** How often a delete is tried if concurrent writers come first. */
const DELETE_ATTEMPTS = 16

/**
 * A share store in files, for Node.js. Several processes on one machine can use it at the same time.
 *
 * Each key is one file, named after the key, and replaced as a whole. The new file is written next to it, flushed, read
 * back and renamed, and the directory is flushed too. Values are not encrypted: they are only as safe as the directory. A
 * deleted key leaves a file without a value, so that a version from before the delete is never valid again.
 *
 * A file that cannot be read does not affect the others. Its key is listed, unless the key is so long that the file's name
 * is a hash.
 *
 * @param directory created with mode 0700 if it does not exist. It must be on a local disk with hard links, and not be shared
 *   between machines.
 * @throws {TypeError} if it is not a path. Other problems appear at the first use: `probe()` finds them.
 *
 * @example
 * const storage = fileStore('/var/lib/my-app/shares')
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
      // Prepare the directory again next time: it may have been removed, or repaired.
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
        const found = whole(await find(root, key))
        return found?.value && { value: found.value, version: found.version }
      })
    },

    async write(key, given, expectedVersion) {
      const value = checkWrite(key, given, expectedVersion)
      return run(async () => {
        const current = whole(await find(root, key))
        const visible = current?.value === undefined ? null : current.version
        if (visible !== expectedVersion) throw conflict()
        return replace(root, key, value, current)
      })
    },

    async delete(key) {
      checkKey(key)
      await run(async () => {
        for (let attempt = 1; ; attempt++) {
          const current = await find(root, key)
          if (current === undefined || isDeleted(current)) return
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

    async list(prefix) {
      checkPrefix(prefix)
      return run(async () => {
        const names = (await readdir(root)).filter(isKeyFile)
        const keys = await Promise.all(names.map((name) => keyIn(root, name)))
        return keys.filter((key) => key?.startsWith(prefix) === true).sort() as string[]
      })
    },
  }
}

/** The stored state of a key. */
interface Found extends Pick<FileRecord, 'version' | 'value'> {
  /** Why the file is damaged, if it is. Its `version` is then one that no record has. */
  readonly damage?: MpcError
}

/** @throws {SHARE_PARSING_FAILED} if the file is damaged */
function whole(found: Found | undefined): Found | undefined {
  if (found?.damage !== undefined) throw found.damage
  return found
}

function isDeleted({ value, damage }: Found): boolean {
  return value === undefined && damage === undefined
}

/** The key of a file, or undefined if the key was deleted. A file that cannot be read now counts as not deleted. */
async function keyIn(root: string, name: string): Promise<string | undefined> {
  const named = keyOf(name)
  if (named !== undefined) {
    const found = await find(root, named).catch(() => null)
    wipe(found?.value)
    return found === null || (found !== undefined && !isDeleted(found)) ? named : undefined
  }
  const read = await readFileRecord(join(root, name))
  wipe(read?.record?.value)
  return read?.record?.value === undefined || fileName(read.record.key) !== name ? undefined : read.record.key
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

/** Replaces exactly the record `current`, or creates the key if there never was one. Returns the new version. */
async function replace(
  root: string,
  key: string,
  value: Uint8Array | undefined,
  current: Found | undefined,
): Promise<string> {
  const path = join(root, fileName(key))
  const version = toHex(systemRandom(16))
  const bytes = encodeRecord({ key, version, value }, fromHex(version))
  const temporary = temporaryFor(path)
  try {
    await writeNew(temporary, bytes)
    const release = await claimVersion(path, current?.version ?? 'none')
    try {
      if ((await find(root, key))?.version !== current?.version) throw conflict()
      await commit(temporary, path)
    } finally {
      await release()
    }
  } finally {
    bytes.fill(0)
    // If this fails, the file is removed after this process has ended.
    await rm(temporary, { force: true }).catch(() => undefined)
  }
  // The write is durable now, even if the files of other processes cannot be removed.
  await clean(root, key).catch(() => undefined)
  return version
}

/** Removes files of processes that have ended. */
async function clean(root: string, key: string): Promise<void> {
  const names = await readdir(root)
  // Read after the names: a claim in the list on another version is on an earlier one.
  const version = (await find(root, key))?.version ?? 'none'
  await removeAll(
    root,
    names.filter((name) => isAbandoned(name) || isOutdatedClaim(name, fileName(key), version)),
  )
}

async function find(root: string, key: string): Promise<Found | undefined> {
  const path = join(root, fileName(key))
  const read = await readFileRecord(path)
  if (read === undefined || read.record?.key === key) return read?.record
  // Read again: a disk that once returned too little has not damaged the file.
  const again = await readFileRecord(path)
  if (again?.digest !== read.digest) throw unavailable('the disk did not give the same twice')
  const problem = read.problem ?? 'it belongs to another key'
  return { version: read.digest, value: undefined, damage: damaged(`a file of the share store is damaged: ${problem}`) }
}

/** A file's record if it is valid, else what is wrong with it; and the SHA-256 of the file, in hex. */
async function readFileRecord(
  path: string,
): Promise<{ readonly record?: FileRecord; readonly digest: string; readonly problem?: string } | undefined> {
  let bytes: Uint8Array
  try {
    bytes = abytes(await readFile(path), undefined, 'a file')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const digest = createHash('sha256').update(bytes).digest('hex')
  try {
    return { record: decodeRecord(bytes), digest }
  } catch (cause) {
    return { digest, problem: errorMessage(cause) ?? 'unknown' }
  } finally {
    bytes.fill(0)
  }
}

function storageError(error: unknown): unknown {
  if (isMpcError(error) || isArgumentError(error)) return error
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new MpcError('STORAGE_FULL', 'the disk of the share store is full', { cause: error })
  }
  return unavailable(`the share store failed (${code ?? 'unknown'})`, error)
}
