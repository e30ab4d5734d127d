import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { MpcError, isMpcError } from '../../errors.ts'
import { equalBytes, isHex, toHex } from '../../util/bytes.ts'
import { platformRandom } from '../../util/platform-random.ts'
import type { CloudKeyStorage } from './cloud-storage.ts'

const FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/**
 * Cloud keys in a directory, one file each, for Node: a mounted cloud folder, or a stand-in for a cloud in tests.
 *
 * A key appears whole or not at all, and is never overwritten.
 *
 * @param directory created with mode 0700 if absent
 */
export function fileCloudKey(directory: string): CloudKeyStorage {
  if (typeof directory !== 'string' || directory === '') throw new TypeError('directory must be a path')
  const root = resolve(directory)
  const storage: CloudKeyStorage = {
    async probe() {
      const id = toHex(platformRandom(16))
      const bytes = platformRandom(32)
      await storage.write(id, bytes)
      const stored = await storage.read(id)
      await storage.delete(id)
      if (stored === undefined || !equalBytes(stored, bytes)) throw failed('it did not give back what was written')
    },

    async read(id) {
      const path = pathOf(root, id)
      try {
        return new Uint8Array(await readFile(path))
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined
        throw failed('a key cannot be read', error)
      }
    },

    async write(id, bytes) {
      const path = pathOf(root, id)
      const temporary = `${path}.${toHex(platformRandom(8))}.tmp`
      try {
        await mkdir(root, { recursive: true, mode: 0o700 })
        await writeFlushed(temporary, bytes)
        await link(temporary, path).catch((error: unknown) => unlessLinked(temporary, error))
        // From here on the key can be seen, so that a full disk is not what the caller should hear of.
        await syncDirectory(root).catch((error: unknown) => {
          throw failed('a key may not be durable', error)
        })
      } catch (error) {
        if (isMpcError(error)) throw error
        if (FULL.has(codeOf(error))) throw new MpcError('STORAGE_FULL', 'the disk is full', { cause: error })
        throw failed('a key cannot be written', error)
      } finally {
        await rm(temporary, { force: true }).catch(() => undefined)
      }
    },

    async delete(id) {
      const path = pathOf(root, id)
      try {
        await rm(path, { force: true })
      } catch (error) {
        throw failed('a key cannot be deleted', error)
      }
    },
  }
  return storage
}

function pathOf(root: string, id: string): string {
  if (!isHex(id, 16)) throw new TypeError('a key id is 32 hexadecimal digits')
  return join(root, `${id}.key`)
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Windows can neither open nor flush a directory. */
async function syncDirectory(root: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(root, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** open(2), NOTES: over a network the answer may be lost, and the second link tells. */
async function unlessLinked(temporary: string, error: unknown): Promise<void> {
  if ((await stat(temporary)).nlink === 2) return
  if (codeOf(error) === 'EEXIST') throw new MpcError('STORAGE_CONFLICT', 'there is a cloud key with this id')
  throw error
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

function failed(message: string, cause?: unknown): MpcError {
  return new MpcError('STORAGE_UNAVAILABLE', `the key directory failed: ${message}`, { cause })
}
