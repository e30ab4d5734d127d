// @ts-check
// Writes test/vectors anew: that is a change of the protocol.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
process.env['RESHARE_ENGINES'] = 'node'
process.env['RESHARE_VECTORS'] = 'write'

run('scripts/build.mjs', '--wasm', '--if-stale')
run('node_modules/vitest/vitest.mjs', 'run', 'test/protocol/ecdsa/vectors')
run('node_modules/prettier/bin/prettier.cjs', '--write', '--log-level=warn', 'test/vectors')

/** @param {string[]} words */
function run(...words) {
  const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
