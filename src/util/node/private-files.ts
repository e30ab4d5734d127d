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

/** The mode bits of everybody but the owner. Windows has no such modes. */
const OTHERS = 0o077

/**
 * Makes a folder that only its owner can open (mode 0700). An existing folder that others can open gets that mode, but only
 * if all files in it are of this package: other files would become inaccessible too.
 *
 * @param isOurs whether a file of this name is one of this package
 * @returns whether others could open it before
 * @throws {Error} if others can open it and it contains other files, or if this account may not change its mode
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
 * Makes a folder within a private one, or gives it mode 0700, whatever it contains.
 *
 * @throws {Error} if it is a link to a folder that others can open: whoever made the link could choose what is changed
 */
export function makeInnerFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!isOpen(folder)) return
  refuseLink(folder)
  chmodSync(folder, 0o700)
}

/**
 * Lets only the owner open a file (mode 0600).
 *
 * @returns whether others could open it before
 * @throws {Error} if it is a link to a file that others can open: whoever made the link could choose what is changed
 */
export function closeFile(path: string): boolean {
  if (!isOpen(path)) return false
  refuseLink(path)
  chmodSync(path, 0o600)
  return true
}

/**
 * Reads a file that only its owner can read. If it does not exist, it is created atomically.
 *
 * @param make returns the text of a new file
 * @returns its text, and whether this call has created it
 */
export function readOrMakeFile(folder: string, name: string, make: () => string): { text: string; made: boolean } {
  const path = join(folder, name)
  const known = readIfThere(path)
  if (known !== undefined) return { text: known, made: false }
  const written = join(folder, `${name}-${randomBytes(8).toString('hex')}`)
  try {
    writeDurably(written, make())
    // Does not overwrite a file that another process has created at the same time.
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
