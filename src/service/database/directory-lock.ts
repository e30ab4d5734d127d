import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hasEnded, thisOwner } from '../../util/node/owner.ts'

const CLAIM = /^lock-([0-9a-f-]+)-[0-9a-f]{16}$/

/**
 * Keeps a second process from opening a folder: PGlite does not notice one, and two would overwrite each other's rows.
 *
 * Whoever wants the folder first writes a claim whose name says who it is, then looks for the claims of others. Of two
 * at the same time at least one sees the other, so never both go on; both may give up. A claim is removed by its own
 * process, or once that has certainly ended: there is nothing to take over, so nobody can take over twice. A process
 * in another container or on another host counts as running, whatever its number.
 *
 * @returns what opens the folder for others again; the end of the process does so too
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

function requireAlone(directory: string, own: string): void {
  for (const name of readdirSync(directory)) {
    const owner = CLAIM.exec(name)?.[1]
    if (owner === undefined || name === own) continue
    const path = join(directory, name)
    if (hasEnded(owner)) rmSync(path, { force: true })
    else throw new Error(`the database folder is open in another process; if that process is gone, delete ${path}`)
  }
}
