import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { equalBytes, toHex } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import { unavailable } from '../failures.ts'
import { hasEnded, thisOwner } from '../../util/node/owner.ts'

const TEMPORARY = /\.([0-9a-f-]+)\.[0-9a-f]{16}\.tmp$/

/** A path next to `path` that no other write uses. It names the process that writes there. */
export function temporaryFor(path: string): string {
  return `${path}.${thisOwner()}.${toHex(systemRandom(8))}.tmp`
}

/** Whether a file is the temporary file of a process that has ended. It may contain secrets. */
export function isAbandoned(name: string): boolean {
  const owner = TEMPORARY.exec(name)?.[1]
  return owner !== undefined && hasEnded(owner)
}

/**
 * Writes a new file with mode 0600, flushes it to the disk and reads it back. Removes it if that fails.
 *
 * @throws {STORAGE_UNAVAILABLE} if the disk returns other bytes than were written
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
 * Moves a file of {@link writeNew} to `path`, durably, and replaces the file there.
 *
 * @throws {STORAGE_UNAVAILABLE} if the new name may not be durable. If another error is thrown, nothing has changed.
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

/** Whether a file exists. False if the disk cannot tell. */
async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Flushes a directory, so that created, renamed and removed names are durable. Does nothing on Windows, which cannot. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes files. Files that cannot be removed now stay until the next time. */
export async function removeAll(directory: string, names: readonly string[]): Promise<void> {
  await Promise.allSettled(names.map((name) => rm(join(directory, name), { force: true })))
}
