// @ts-check
// Builds the package from its sources: assembly -> src/wasm/generated.ts -> dist, and demo -> build/demo.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isStale, markFresh } from './stale.mjs'
import { stampWasm } from './stamp-wasm.mjs'

const WASM = {
  name: 'wasm',
  sources: ['assembly', 'asconfig.json', 'scripts', 'package-lock.json'],
  outputs: ['src/wasm/generated.ts', 'build/core.wasm'],
}
const DIST = {
  name: 'dist',
  sources: [
    ...WASM.sources,
    'src',
    'demo',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.demo.json',
  ],
  outputs: ['dist/index.js', 'dist/core.wasm', ...(existsSync('demo/main.ts') ? ['build/demo/main.js'] : [])],
}

const { values } = parseArgs({
  options: { 'if-stale': { type: 'boolean', default: false }, wasm: { type: 'boolean', default: false } },
})
const onlyIfStale = values['if-stale']

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
if (values.wasm) step(WASM, buildWasm)
else step(DIST, buildAll)

/** @param {import('./stale.mjs').Target} target @param {() => void} build */
function step(target, build) {
  if (onlyIfStale && !isStale(target)) return
  build()
  markFresh(target)
}

function buildWasm() {
  run('scripts/build-wasm.mjs')
}

function buildAll() {
  step(WASM, buildWasm)
  rmSync('dist', { recursive: true, force: true })
  rmSync('build/demo', { recursive: true, force: true })
  run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json')
  rewriteDeclarations()
  writeModule()
  if (existsSync('demo/main.ts')) run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.demo.json')
}

/** In TypeScript before 5.7, `Uint8Array` takes no argument: the declarations say the same in other words. */
function rewriteDeclarations() {
  const names = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.d.ts'))
  for (const path of names.map((name) => join('dist', name))) {
    const text = readFileSync(path, 'utf8')
    const rewritten = text
      .replaceAll('Uint8Array<ArrayBufferLike>', 'Uint8Array')
      .replaceAll('Uint8Array<ArrayBuffer>', 'ReturnType<typeof Uint8Array.of>')
    if (rewritten !== text) writeFileSync(path, rewritten)
  }
}

/** The module as a file, for runtimes that compile none themselves. */
function writeModule() {
  writeFileSync('dist/core.wasm', stampWasm(readFileSync('build/core.wasm')))
  copyFileSync('src/core.wasm.d.ts', 'dist/core.wasm.d.ts')
}

/** Runs a Node program; its output goes to stderr, so that the demo's JSON stands alone on stdout. @param {string[]} args */
function run(...args) {
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', process.stderr, process.stderr] })
  if (status !== 0) process.exit(status ?? 1)
}
