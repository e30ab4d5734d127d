// @ts-check
// Everything that a change must pass: `npm run check`, or only some of it: `npm run check -- types lint`.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const tool = (/** @type {string} */ path) => `node_modules/${path}`

/** Each check as arguments of Node. @type {Record<string, readonly string[]>} */
const CHECKS = {
  generated: ['scripts/check-generated.mjs'],
  build: ['scripts/build.mjs', '--if-stale'],
  types: [tool('typescript/bin/tsc'), '-p', 'tsconfig.json'],
  lint: [tool('eslint/bin/eslint.js'), '--max-warnings=0', '.'],
  format: [tool('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.'],
  layers: [
    tool('dependency-cruiser/bin/dependency-cruise.mjs'),
    '--config',
    '.dependency-cruiser.mjs',
    ...['src', 'assembly', 'demo', 'test', 'scripts'],
  ],
  unused: [tool('knip/bin/knip.js')],
  source: ['scripts/check-source.mjs'],
  package: ['scripts/check-package.mjs'],
  size: ['scripts/size.mjs'],
  tests: ['scripts/test.mjs'],
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(CHECKS)
const failed = names.filter((name) => !passes(name))
console.log(failed.length === 0 ? `checked: ${names.join(', ')}` : `failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1

/** @param {string} name */
function passes(name) {
  const command = CHECKS[name]
  if (command === undefined) throw new RangeError(`no check "${name}", expected ${Object.keys(CHECKS).join(', ')}`)
  console.log(`== ${name}`)
  return spawnSync(process.execPath, command, { stdio: 'inherit' }).status === 0
}
