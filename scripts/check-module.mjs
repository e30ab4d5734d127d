// @ts-check
// The module that dist ships is what assembly/ compiles to, byte for byte. `--dist FOLDER` compares another dist, as of an
// unpacked package.
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { compileWasm } from './compile-wasm.mjs'
import { packWasm } from './pack-wasm.mjs'
import { stampWasm } from './stamp-wasm.mjs'

const { values } = parseArgs({ options: { dist: { type: 'string' } } })
const given = values.dist === undefined ? undefined : resolve(values.dist)
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const dist = given ?? resolve('dist')

// Inside the repository: the compiler writes to no other place.
const folder = mkdtempSync('build/module-')
try {
  const compiled = await compileWasm(join(folder, 'core.wasm'))
  const unpack = await compileWasm(join(folder, 'unpack.wasm'), 'unpack')
  const load = (/** @type {string} */ file) => import(pathToFileURL(join(dist, 'wasm', file)).href)
  /** @type {{ UNPACK: string, TEXT: string }} */
  const { UNPACK, TEXT } = await load('generated.js')
  /** @type {{ wasmBytes: () => Uint8Array }} */
  const { wasmBytes } = await load('text.js')
  const shipped = Buffer.from(wasmBytes())
  // The text too: what else it held would be shipped unread.
  const isText = UNPACK === unpack.toString('base64') && TEXT === packWasm(compiled)
  const isFile = stampWasm(compiled).equals(readFileSync(join(dist, 'core.wasm')))
  const argon2 = await compileWasm(join(folder, 'argon2.wasm'), 'argon2')
  /** @type {{ ARGON2_MODULE: string }} */
  const { ARGON2_MODULE } = await import(pathToFileURL(join(dist, 'backup/methods/argon2-module.gen.js')).href)
  const same = isText && isFile && compiled.equals(shipped) && ARGON2_MODULE === argon2.toString('base64')
  console.log(`compiled ${describe(compiled)}\nshipped  ${describe(shipped)}`)
  if (!same) console.error('the shipped module is not what assembly/ compiles to')
  process.exitCode = same ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

/** @param {Buffer} bytes */
function describe(bytes) {
  return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`
}
