import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The folders that this process holds: its own id in a lock file may also be that of an earlier process. */
const held = new Set<string>()

/**
 * Keeps a second process from opening a folder: PGlite does not notice one, and two would corrupt it.
 *
 * @returns what opens the folder for others again; the end of the process does so too
 * @throws {Error} if a living process holds the lock
 */
export function lockDirectory(directory: string): () => void {
  const path = resolve(join(directory, 'lock'))
  if (held.has(path)) throw new Error(`the database folder ${directory} is already open in this process`)
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const holder = Number(readFileSync(path, 'utf8'))
    if (holder !== process.pid && isAlive(holder)) {
      const advice = `if that is another program, delete ${path}`
      throw new Error(`the database folder is open in process ${holder}; ${advice}`, { cause: error })
    }
    writeFileSync(path, String(process.pid), { mode: 0o600 })
  }
  held.add(path)
  return () => {
    rmSync(path, { force: true })
    held.delete(path)
  }
}

function isAlive(processId: number): boolean {
  if (!Number.isInteger(processId) || processId <= 0) return false
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
