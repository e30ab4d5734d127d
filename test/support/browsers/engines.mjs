// Plain JavaScript, because both the test runner's configuration and Node scripts read it.
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** @typedef {'node' | 'chromium' | 'firefox' | 'webkit'} Engine */

/** Every JavaScript engine that the tests run in. @type {readonly Engine[]} */
export const ENGINES = ['node', 'chromium', 'firefox', 'webkit']

/** As root Chromium has no sandbox; the rest keeps it from calling home on a closed network. @type {readonly string[]} */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Programs by which each browser may be driven, and the variable that names another one. */
const PROGRAMS = {
  chromium: {
    variable: 'CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    fixed: ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
  },
  firefox: {
    variable: 'FIREFOX',
    names: ['firefox-esr', 'firefox'],
    fixed: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
  },
  webkit: { variable: 'WEBKIT_DRIVER', names: ['WebKitWebDriver'], fixed: [] },
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The first of `names` on PATH.
 *
 * @param {readonly string[]} names
 * @returns {string | undefined} an absolute path
 */
export function onPath(names) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram)
}

/**
 * The program that drives a browser: by its environment variable, else on PATH, else in its usual place.
 *
 * @param {Exclude<Engine, 'node'>} browser
 * @returns {string | undefined} an absolute path
 */
export function findBrowser(browser) {
  const { variable, names, fixed } = PROGRAMS[browser]
  const named = process.env[variable]
  if (named) return isAbsolute(named) ? [named].find(isProgram) : onPath([named])
  return onPath(names) ?? fixed.find(isProgram)
}

/** The environment variable that names a browser. @param {Exclude<Engine, 'node'>} browser */
export function browserVariable(browser) {
  return PROGRAMS[browser].variable
}

/**
 * WebKitGTK's bare browser, which Debian installs outside PATH in a folder per architecture.
 *
 * @returns {string | undefined} an absolute path
 */
export function findMiniBrowser() {
  const named = process.env['WEBKIT_BROWSER']
  if (named) return [named].find(isProgram)
  const libraries = readdirSafe('/usr/lib').filter((name) => name.includes('-linux-'))
  const folders = libraries.flatMap((name) => ['4.1', '4.0', '6.0'].map((api) => `/usr/lib/${name}/webkit2gtk-${api}`))
  return folders.map((folder) => join(folder, 'MiniBrowser')).find(isProgram)
}

/** @param {string} folder */
function readdirSafe(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/**
 * The engines of this run: those named in RESHARE_ENGINES (`npm test` sets it), else Node alone.
 *
 * @returns {Engine[]}
 * @throws {RangeError} if RESHARE_ENGINES names something else
 */
export function selectedEngines() {
  const names = (process.env['RESHARE_ENGINES'] || 'node').split(',')
  const unknown = names.find((name) => !ENGINES.some((engine) => engine === name))
  if (unknown !== undefined)
    throw new RangeError(`RESHARE_ENGINES: no engine "${unknown}", expected ${ENGINES.join(', ')}`)
  return ENGINES.filter((engine) => names.includes(engine))
}
