// @ts-check
// The module that dist ships is what assembly/ compiles to, byte for byte. `--dist FOLDER` compares another dist, as of an
// unpacked package.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { compileWasm } from './compile-wasm.mjs'

const { values } = parseArgs({ options: { dist: { type: 'string' } } })
const given = values.dist === undefined ? undefined : resolve(values.dist)
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const dist = given ?? resolve('dist')

// Inside the repository: the compiler writes to no other place.
const folder = mkdtempSync('build/module-')
try {
  const compiled = await compileWasm(join(folder, 'core.wasm'))
  /** @type {{ WASM_HEX: string }} */
  const { WASM_HEX } = await import(pathToFileURL(join(dist, 'wasm/generated.js')).href)
  const shipped = Buffer.from(WASM_HEX, 'hex')
  const same = shipped.toString('hex') === WASM_HEX && compiled.equals(shipped)
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
