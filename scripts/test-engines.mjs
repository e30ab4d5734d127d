// @ts-check
import { spawnSync } from 'node:child_process'
import { browserVariable, findBrowser, findMiniBrowser, onPath } from '../test/support/browsers/engines.mjs'

/** @typedef {import('../test/support/browsers/engines.mjs').Engine} Engine */

/** Debian packages that each engine needs. @type {Record<Exclude<Engine, 'node'>, readonly string[]>} */
const PACKAGES = {
  chromium: ['chromium'],
  firefox: ['firefox-esr'],
  webkit: ['webkit2gtk-driver', 'xvfb', 'xauth'],
}

/**
 * Playwright starts Firefox by WebDriver BiDi's network.addDataCollector. Tried: 140 does not know it, 153 does; where
 * between them it came is not known for certain, and a version that lacks it fails with that name in the message.
 */
const OLDEST_FIREFOX = 143

/**
 * Why an engine cannot run here.
 *
 * @param {Engine} engine
 * @returns {string | undefined} nothing if it can
 */
function obstacle(engine) {
  if (engine === 'node') return undefined
  const program = findBrowser(engine)
  if (program === undefined) return `not on PATH, and ${browserVariable(engine)} does not name it`
  if (engine === 'firefox') return firefoxObstacle(program)
  if (engine !== 'webkit') return undefined
  if (findMiniBrowser() === undefined) return 'the MiniBrowser of WebKitGTK is not installed'
  if (!hasXvfb() && !process.env['DISPLAY']) return 'there is no display and no xvfb-run'
  return undefined
}

/** @param {string} program */
function firefoxObstacle(program) {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  const version = Number(/(\d+)[.]/.exec(stdout ?? '')?.[1] ?? 0)
  return version < OLDEST_FIREFOX ? `its version is ${version}, and ${OLDEST_FIREFOX} is needed` : undefined
}

/** Whether a virtual display can be started. */
export function hasXvfb() {
  return onPath(['xvfb-run']) !== undefined && onPath(['xauth']) !== undefined
}

/**
 * The packages that would have to be installed for these engines.
 *
 * @param {readonly Engine[]} engines
 * @returns {string[]}
 */
export function missingPackages(engines) {
  return engines.flatMap((engine) => (engine === 'node' || obstacle(engine) === undefined ? [] : PACKAGES[engine]))
}

/**
 * Which engines can run here, and why the others cannot.
 *
 * @param {readonly Engine[]} wanted
 * @returns {{ engines: Engine[], leftOut: { engine: Engine, reason: string }[] }}
 */
export function availableEngines(wanted) {
  const leftOut = wanted.flatMap((engine) => {
    const reason = obstacle(engine)
    return reason === undefined ? [] : [{ engine, reason }]
  })
  return { engines: wanted.filter((engine) => obstacle(engine) === undefined), leftOut }
}

/** Whether packages can be installed: by root on Debian. */
export function canInstall() {
  return process.getuid?.() === 0 && onPath(['apt-get']) !== undefined
}

/**
 * Whether a question is answered with yes.
 *
 * @param {string} question
 * @param {object} how
 * @param {boolean} how.yes whether the answer is yes without asking
 * @param {boolean} how.terminal whether there is somebody to ask
 * @param {(question: string) => Promise<string>} how.ask
 * @returns {Promise<boolean>}
 */
export async function consents(question, { yes, terminal, ask }) {
  if (yes) return true
  return terminal && /^\s*y(es)?\s*$/i.test(await ask(question))
}

/** @param {readonly string[]} packages */
export function installPackages(packages) {
  console.log(`installing ${packages.join(' ')}`)
  const wait = ['-o', 'DPkg::Lock::Timeout=300']
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  for (const command of [['update'], install]) {
    const { status, stderr } = spawnSync('apt-get', ['-q', ...wait, ...command], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (status !== 0) console.log(`apt-get ${command[0]} failed: ${stderr.trim()}`)
  }
}
