// @ts-check
// Runs every test in every engine that is here. Arguments go to vitest: `npm test -- test/curve`.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { selectedEngines } from '../test/support/browsers/engines.mjs'
import { availableEngines, hasXvfb } from './test-engines.mjs'
import { startTestPostgres } from './test-postgres.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const ci = process.env['CI'] === 'true'
const report = 'build/test-report.json'

const wanted = process.env['RESHARE_ENGINES'] ? selectedEngines() : undefined
const notes = /** @type {string[]} */ ([])
if (ci && wanted !== undefined) refuse('CI=true runs all engines: RESHARE_ENGINES must not be set')
const { engines, leftOut } = availableEngines(wanted)
for (const { engine, reason } of leftOut) notes.push(`${engine} is left out: ${reason}`)
if (ci && leftOut.length > 0) refuse('CI=true needs every engine')
if (engines.length === 0) refuse('there is no engine to run the tests in')

build()
const postgres = await postgresForTests()
try {
  rmSync(report, { force: true })
  process.exitCode = await runVitest(engines)
} finally {
  await postgres?.stop()
}
for (const note of notes) console.log(note)

/** @param {string} reason @returns {never} */
function refuse(reason) {
  for (const note of notes) console.error(note)
  console.error(reason)
  process.exit(1)
}

function build() {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs', '--wasm', '--if-stale'], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** The server named by RESHARE_TEST_POSTGRES_URL, else one of our own, whose URL the tests find in that variable. */
async function postgresForTests() {
  if (!engines.includes('node') || process.env['RESHARE_TEST_POSTGRES_URL']) return undefined
  const started = await startTestPostgres()
  if (started !== undefined) process.env['RESHARE_TEST_POSTGRES_URL'] = started.url
  else if (ci) refuse('CI=true needs PostgreSQL, and it is not installed')
  else notes.push('PostgreSQL is left out: it is not installed')
  return started
}

/** @param {readonly string[]} engines @returns {Promise<number>} vitest's exit code */
async function runVitest(engines) {
  const vitest = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)]
  const display = engines.includes('webkit') && hasXvfb() ? ['xvfb-run', '-a'] : []
  const [program, ...args] = /** @type {[string, ...string[]]} */ ([...display, ...vitest])
  // A process group of its own, so that a signal reaches the display and the browsers too, and the database ends last.
  const child = spawn(program, args, {
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, RESHARE_ENGINES: engines.join(','), RESHARE_TEST_REPORT: report },
  })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(signal, () => child.pid !== undefined && process.kill(-child.pid, signal))
  }
  const [code] = await once(child, 'exit')
  return code ?? 1
}
