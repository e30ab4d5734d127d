// @ts-check
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Something that is built from files.
 *
 * @typedef {object} Target
 * @property {string} name
 * @property {readonly string[]} sources files and folders
 * @property {readonly string[]} outputs
 */

/** Generated source is an output of the build, though it lies among its inputs. */
const GENERATED = 'src/wasm/generated.ts'

/** @param {Target} target */
const stamp = ({ name }) => join('build', `${name}.sha256`)

/**
 * Whether an output is missing or a source has other contents than at the last build.
 *
 * @param {Target} target
 */
export function isStale(target) {
  if (!target.outputs.every((path) => existsSync(path)) || !existsSync(stamp(target))) return true
  return readFileSync(stamp(target), 'utf8') !== digest(target)
}

/** Remembers the contents that the outputs were built from. @param {Target} target */
export function markFresh(target) {
  mkdirSync('build', { recursive: true })
  writeFileSync(stamp(target), digest(target))
}

/** @param {Target} target */
function digest({ sources }) {
  const hash = createHash('sha256')
  for (const path of sources.flatMap(filesUnder)) hash.update(`${path}\0`).update(readFileSync(path)).update('\0')
  return hash.digest('hex')
}

/** @param {string} path @returns {string[]} */
function filesUnder(path) {
  if (!existsSync(path) || path === GENERATED) return []
  if (!statSync(path).isDirectory()) return [path]
  const names = readdirSync(path).sort()
  return names.flatMap((name) => filesUnder(join(path, name)))
}
