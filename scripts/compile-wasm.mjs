// @ts-check
// How assembly/ becomes a module: the one place that says so.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import asc from 'assemblyscript/asc'

/** Runs every scripts/generate-*.mjs, which write the generated sources of assembly/. @returns {string[]} their names */
export function runGenerators() {
  const generators = readdirSync('scripts').filter((name) => /^generate-.*[.]mjs$/.test(name))
  for (const name of generators) {
    const { status } = spawnSync(process.execPath, [join('scripts', name)], { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) throw new Error(`${name} failed`)
  }
  return generators
}

/** The modules: the entry of each, whose options are the target of its name in asconfig.json. */
const ENTRIES = {
  release: 'assembly/index.ts',
  unpack: 'assembly/unpack/index.ts',
  argon2: 'assembly/argon2/index.ts',
}

/**
 * Compiles a module of assembly/ as it is.
 *
 * @param {string} path of the module that is written
 * @param {keyof typeof ENTRIES} [target]
 * @returns {Promise<Buffer>} its bytes
 */
export async function compileWasm(path, target = 'release') {
  const config = ['--config', 'asconfig.json', '--target', target, '--outFile', path]
  const { error, stdout, stderr } = await asc.main([ENTRIES[target], ...config])
  process.stdout.write(stdout.toString())
  process.stderr.write(stderr.toString())
  if (error) throw error
  return readFileSync(path)
}

/** Compiles the module of Argon2, and writes the source that inlines it. It is so small that this source is committed. */
export async function writeArgon2Source() {
  const wasm = await compileWasm('build/argon2.wasm', 'argon2')
  writeFileSync(
    'src/backup/methods/argon2-module.gen.ts',
    `// The WebAssembly module of assembly/argon2 in base64. Made by scripts/build-wasm.mjs.
export const ARGON2_MODULE =
  '${wasm.toString('base64')}'
`,
  )
}
