import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hasEnded, thisOwner } from '../../util/node/owner.ts'

const LOCK_FILE = /^lock-([0-9a-f-]+)-[0-9a-f]{16}$/

/**
 * Keeps a second process from opening a folder: PGlite does not detect one, and two would overwrite each other's rows.
 *
 * A process first writes a lock file whose name identifies it, then looks for those of others. Of two at the same time
 * at least one sees the other, so they never both proceed; both may give up. A lock file is removed by its own process,
 * or once that has certainly ended. It is never taken over, so it cannot be taken over twice. A process in another
 * container or on another host counts as running, whatever its process id.
 *
 * @returns releases the folder; the end of the process does so too
 * @throws {Error} if another process, or this one, holds the folder
 */
export function lockDirectory(directory: string): () => void {
  const name = `lock-${thisOwner()}-${randomBytes(8).toString('hex')}`
  const path = resolve(join(directory, name))
  const unlock = () => rmSync(path, { force: true })
  writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
  try {
    requireAlone(directory, name)
  } catch (error) {
    unlock()
    throw error
  }
  return unlock
}

function requireAlone(directory: string, ownName: string): void {
  for (const name of readdirSync(directory)) {
    const owner = LOCK_FILE.exec(name)?.[1]
    if (owner === undefined || name === ownName) continue
    const path = join(directory, name)
    if (hasEnded(owner)) rmSync(path, { force: true })
    else throw new Error(`the database folder is open in another process; if that process is gone, delete ${path}`)
  }
}
