import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** Whoever else there is on the machine. Windows shows no such modes, and lets nobody else in by them. */
const OTHERS = 0o077

/**
 * Makes a folder that its owner alone may look into (0700). One that is there and open to others is closed if all that it
 * holds is ours; what is beside it would be closed as well.
 *
 * @param isOurs whether a name in it is one that this package gives
 * @returns whether it was open
 * @throws {Error} if it is open and holds something else, or if this account may not close it
 */
export function makePrivateFolder(folder: string, isOurs: (name: string) => boolean): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!isOpen(folder)) return false
  const other = readdirSync(folder).find((name) => !isOurs(name))
  if (other !== undefined) {
    const mode = (statSync(folder).mode & 0o777).toString(8)
    throw new Error(
      `${folder} is open to others (mode ${mode}) and holds ${other}: give a folder of its own, or close it`,
    )
  }
  chmodSync(folder, 0o700)
  return true
}

/**
 * Makes a folder within a private one, or closes it (0700), whatever it holds.
 *
 * @throws {Error} if it is a link to one that is open: whoever has made the link would say what is closed
 */
export function makeInnerFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!isOpen(folder)) return
  refuseLink(folder)
  chmodSync(folder, 0o700)
}

/**
 * Closes a file to all but its owner (0600).
 *
 * @returns whether it was open
 * @throws {Error} if it is a link to one that is open: whoever has made the link would say what is closed
 */
export function closeFile(path: string): boolean {
  if (!isOpen(path)) return false
  refuseLink(path)
  chmodSync(path, 0o600)
  return true
}

/**
 * Reads a file that its owner alone may read; makes it, whole or not at all, if it is missing.
 *
 * @returns its text, and whether it was made
 */
export function readOrMakeFile(folder: string, name: string, make: () => string): { text: string; made: boolean } {
  const path = join(folder, name)
  const known = readIfThere(path)
  if (known !== undefined) return { text: known, made: false }
  const written = join(folder, `${name}-${randomBytes(8).toString('hex')}`)
  try {
    writeDurably(written, make())
    // Never over another that a process has made at the same time.
    const made = linkIfMissing(written, path)
    return { text: readFileSync(path, 'utf8'), made }
  } finally {
    rmSync(written, { force: true })
  }
}

function isOpen(path: string): boolean {
  return process.platform !== 'win32' && (statSync(path).mode & OTHERS) !== 0
}

function refuseLink(path: string): void {
  if (!lstatSync(path).isSymbolicLink()) return
  throw new Error(`${path} is a link to what is open to others: remove the link, or close what it leads to`)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function linkIfMissing(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
