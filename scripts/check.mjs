// @ts-check
// Everything that a change must pass: `npm run check`; some of it: `npm run check -- types lint`; the rest of it:
// `npm run check -- --without tests`.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const tool = (/** @type {string} */ path) => `node_modules/${path}`

/** The newest TypeScript, a native program: it takes a fraction of the time. `build` and `lint` use the older one. */
const TSC = tool('typescript-native/bin/tsc')

/** Each check as arguments of Node. @type {Record<string, readonly string[]>} */
const CHECKS = {
  generated: ['scripts/check-generated.mjs'],
  build: ['scripts/build.mjs', '--if-stale'],
  demo: ['build/demo/main.js', '--json'],
  module: ['scripts/check-module.mjs'],
  types: [TSC, '-p', 'tsconfig.json'],
  'page-types': [TSC, '-p', 'demo/web/page/tsconfig.json'],
  // They import the built package. The libraries of bench/peers are not installed with it.
  'bench-types': [TSC, '-p', 'bench/tsconfig.json'],
  'load-types': [TSC, '-p', 'load/tsconfig.json'],
  // By far the longest, so on two cores.
  lint: [tool('eslint/bin/eslint.js'), '--concurrency=2', '--max-warnings=0', '.'],
  format: [tool('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.'],
  layers: [
    tool('dependency-cruiser/bin/dependency-cruise.mjs'),
    '--config',
    '.dependency-cruiser.mjs',
    ...['src', 'assembly', 'demo', 'test', 'scripts'],
  ],
  unused: [tool('knip/bin/knip.js')],
  // What only tests use; a docstring with @internal says why it stays.
  shipped: [tool('knip/bin/knip.js'), '--production'],
  source: ['scripts/check-source.mjs'],
  package: ['scripts/check-package.mjs'],
  installed: ['scripts/check-installed.mjs'],
  reference: [tool('typedoc/bin/typedoc'), '--emit', 'none'],
  size: ['scripts/size.mjs'],
  tests: ['scripts/test.mjs'],
}

/** What runs by itself: it writes what the others read, or takes every core. */
const ALONE = new Set(['generated', 'build', 'tests'])

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const { values, positionals } = parseArgs({
  options: { without: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
})
const unknown = [...positionals, ...values.without].find((name) => CHECKS[name] === undefined)
if (unknown !== undefined) {
  console.error(`no check "${unknown}", expected ${Object.keys(CHECKS).join(', ')}`)
  process.exit(1)
}
const wanted = positionals.length > 0 ? positionals : Object.keys(CHECKS)
const names = wanted.filter((name) => !values.without.includes(name))
const failed = /** @type {string[]} */ ([])
for (const name of names.filter((name) => ALONE.has(name) && name !== 'tests')) passesAlone(name)
const waiting = names.filter((name) => !ALONE.has(name))
await Promise.all(Array.from({ length: availableParallelism() }, passWaiting))
if (names.includes('tests')) passesAlone('tests')
console.log(failed.length === 0 ? `checked: ${names.join(', ')}` : `failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1

/** @param {string} name */
function passesAlone(name) {
  console.log(`== ${name}`)
  if (spawnSync(process.execPath, argumentsOf(name), { stdio: 'inherit' }).status !== 0) failed.push(name)
}

/** Takes the checks that wait, one after the other: as many callers as there are cores share them. What one prints stays together. */
async function passWaiting() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const began = performance.now()
    const child = spawn(process.execPath, argumentsOf(name), { stdio: ['ignore', 'pipe', 'pipe'] })
    const [out, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    process.stdout.write(`== ${name}: ${((performance.now() - began) / 1000).toFixed(0)} s\n${out}${errors}`)
    if (status !== 0) failed.push(name)
  }
}

/** @param {string} name */
function argumentsOf(name) {
  return /** @type {readonly string[]} */ (CHECKS[name])
}
