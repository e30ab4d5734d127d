// @ts-check
// Clicks through the demo's pages in every browser that is installed: `npm run test:web`. `--pictures` writes those of the
// documents; all other arguments go to vitest.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { selectedEngines } from '../test/support/browsers/engines.mjs'
import { availableEngines } from './test-engines.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const args = process.argv.slice(2)
const pictures = args.includes('--pictures')

const named = process.env['RESHARE_ENGINES'] ? selectedEngines() : undefined
const wanted = named ?? /** @type {const} */ (['chromium', 'firefox', 'webkit'])
const { engines, leftOut } = availableEngines(wanted)
for (const { engine, reason } of leftOut) console.log(`${engine} is left out: ${reason}`)
if (engines.length === 0 || (process.env['CI'] === 'true' && leftOut.length > 0)) {
  console.error('a browser is missing')
  process.exit(1)
}

run(process.execPath, 'scripts/build.mjs', '--if-stale')
const vitest = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--config', 'test/web/vitest.config.ts']
run(...vitest, ...args.filter((arg) => arg !== '--pictures'))

/** @param {string[]} command */
function run(...command) {
  const [program, ...rest] = /** @type {[string, ...string[]]} */ (command)
  const own = {
    RESHARE_ENGINES: engines.join(','),
    RESHARE_TEST_REPORT: 'build/test-reports/web.json',
    RESHARE_WRITE_PICTURES: pictures ? '1' : '',
  }
  const { status } = spawnSync(program, rest, { stdio: 'inherit', env: { ...process.env, ...own } })
  if (status !== 0) process.exit(status ?? 1)
}
