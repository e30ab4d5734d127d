import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { equalBytes, toHex } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import { unavailable } from '../failures.ts'
import { hasEnded, thisOwner } from '../../util/node/owner.ts'

const TEMPORARY = /\.([0-9a-f-]+)\.[0-9a-f]{16}\.tmp$/

/** A path beside `path` that no other write uses, and that tells who writes there. */
export function temporaryFor(path: string): string {
  return `${path}.${thisOwner()}.${toHex(systemRandom(8))}.tmp`
}

/** Whether a file is the temporary of a process that has ended: secret bytes that nobody will come back for. */
export function isAbandoned(name: string): boolean {
  const owner = TEMPORARY.exec(name)?.[1]
  return owner !== undefined && hasEnded(owner)
}

/**
 * Writes a new file, for its owner only, flushes it to the disk and reads it back. Removes it again if that fails.
 *
 * @throws {STORAGE_UNAVAILABLE} if the disk does not give back what was written
 */
export async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
    await file.close()
    const stored = await readFile(path)
    const same = equalBytes(stored, bytes)
    stored.fill(0)
    if (!same) throw unavailable('the disk did not give back what was written')
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(path, { force: true })
    throw error
  }
}

/**
 * Moves a file that {@link writeNew} wrote over `path`, durably. From then on the next writer may replace it.
 *
 * @throws {STORAGE_UNAVAILABLE} if the new name may not be durable; whatever else is thrown has changed nothing
 */
export async function commit(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path)
  } catch (error) {
    if (await exists(temporary)) throw error
    throw unavailable('the disk did not say whether it renamed a file', error)
  }
  try {
    await syncDirectory(dirname(path))
  } catch (error) {
    throw unavailable('the disk did not make a new name durable', error)
  }
}

/** Whether a file is there, as far as the disk will say. */
async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Makes created, renamed and removed names durable. Windows can neither open nor flush a directory. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes files. What cannot be removed now is left for the next time. */
export async function removeAll(directory: string, names: readonly string[]): Promise<void> {
  await Promise.allSettled(names.map((name) => rm(join(directory, name), { force: true })))
}
