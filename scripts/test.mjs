// @ts-check
// Runs the tests of a tier (test/support/tiers.mjs): `npm test`, `npm run test:quick`, `npm run test:all`. The option --yes
// allows to install missing browsers; all other arguments go to vitest: `npm test -- test/curve`.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { ENGINES, selectedEngines } from '../test/support/browsers/engines.mjs'
import { filesOf } from '../test/support/tiers.mjs'
import { parseTestArguments } from './test-arguments.mjs'
import { availableEngines, canInstall, consents, hasXvfb, installPackages, missingPackages } from './test-engines.mjs'
import { startTestPostgres } from './test-postgres.mjs'

/** About how long a tier takes on two cores that have nothing else to do. */
const MINUTES = { quick: 2, usual: 7, rest: 11, all: 18 }

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const ci = process.env['CI'] === 'true'
const { tier, yes, rest } = parseTestArguments(process.argv.slice(2))
const report = `build/test-reports/${tier}.json`

const named = process.env['RESHARE_ENGINES'] ? selectedEngines() : undefined
const notes = /** @type {string[]} */ ([])
if (ci && named !== undefined) refuse('CI=true runs all engines: RESHARE_ENGINES must not be set')
const wanted = (named ?? ENGINES).filter((engine) => filesFor(engine).length > 0)
if (wanted.length === 0) refuse(`there is no engine to run the tests of "${tier}" in`)

console.log(`${tier}: ${wanted.map((engine) => `${filesFor(engine).length} files in ${engine}`).join(', ')}`)
if (rest.length > 0) console.log(`of these what is named: ${rest.join(' ')}`)
else console.log(`about ${MINUTES[tier]} minutes on two cores with nothing else to do`)
await offerToInstall()
const { engines, leftOut } = availableEngines(wanted)
for (const { engine, reason } of leftOut) notes.push(`${engine} is left out: ${reason}`)
if (ci && leftOut.length > 0) refuse('CI=true needs every engine')
if (engines.length === 0) refuse('there is no engine to run the tests in')
for (const note of notes) console.log(note)

build()
const postgres = await postgresForTests()
try {
  rmSync(report, { force: true })
  process.exitCode = await runVitest()
} finally {
  await postgres?.stop()
}
for (const note of notes) console.log(note)

/** @param {import('../test/support/browsers/engines.mjs').Engine} engine */
function filesFor(engine) {
  return filesOf(tier, engine)
}

/** @param {string} reason @returns {never} */
function refuse(reason) {
  for (const note of notes) console.error(note)
  console.error(reason)
  process.exit(1)
}

async function offerToInstall() {
  const packages = missingPackages(wanted)
  if (packages.length === 0 || !canInstall()) return
  const question = `Install ${packages.join(' ')} with apt-get? [y/N] `
  const terminal = process.stdin.isTTY && process.stdout.isTTY
  if (await consents(question, { yes: yes || ci, terminal, ask })) installPackages(packages)
}

/** @param {string} question */
async function ask(question) {
  const prompt = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return await prompt.question(question)
  } finally {
    prompt.close()
  }
}

function build() {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs', '--wasm', '--if-stale'], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** The server named by RESHARE_TEST_POSTGRES_URL, else one of our own, whose URL the tests find in that variable. */
async function postgresForTests() {
  if (tier === 'quick') delete process.env['RESHARE_TEST_POSTGRES_URL']
  if (tier === 'quick' || !engines.includes('node') || process.env['RESHARE_TEST_POSTGRES_URL']) return undefined
  const started = await startTestPostgres()
  if (started !== undefined) process.env['RESHARE_TEST_POSTGRES_URL'] = started.url
  else if (ci) refuse('CI=true needs PostgreSQL, and it is not installed')
  else notes.push('PostgreSQL is left out: it is not installed')
  return started
}

/** @returns {Promise<number>} vitest's exit code */
async function runVitest() {
  const vitest = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', ...rest]
  const display = engines.includes('webkit') && hasXvfb() ? ['xvfb-run', '-a'] : []
  const [program, ...args] = /** @type {[string, ...string[]]} */ ([...display, ...vitest])
  const own = { RESHARE_ENGINES: engines.join(','), RESHARE_TIER: tier, RESHARE_TEST_REPORT: report }
  // A process group of its own, so that a signal reaches the display and the browsers too, and the database ends last.
  const child = spawn(program, args, { stdio: 'inherit', detached: true, env: { ...process.env, ...own } })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(signal, () => child.pid !== undefined && process.kill(-child.pid, signal))
  }
  const [code] = await once(child, 'exit')
  return code ?? 1
}
