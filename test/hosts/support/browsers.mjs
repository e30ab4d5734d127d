// @ts-check
// The browsers that the tests run in (test/support/browsers), with what their consoles say.
import { spawnSync } from 'node:child_process'
import { chromium, firefox } from 'playwright'
import { OPEN as OPEN_MEASURED } from '../../../bench/browser/browsers.mjs'
import { availableEngines } from '../../../scripts/test-engines.mjs'
import { CHROMIUM_FLAGS, findBrowser } from '../../support/browsers/engines.mjs'
import { NotHere } from './not-here.mjs'

/** @typedef {'chromium' | 'firefox' | 'webkit'} Browser */
/** @typedef {{ messages: string[], close: () => Promise<void> }} Opened */

/** @param {Browser} browser @returns {string} */
export function pathOf(browser) {
  const [reason] = availableEngines([browser]).leftOut
  if (reason !== undefined) throw new NotHere(reason.reason)
  return /** @type {string} */ (findBrowser(browser))
}

/** @type {Readonly<Record<Browser, (url: string) => Promise<Opened>>>} */
export const OPEN = {
  chromium: async (url) =>
    listenTo(await chromium.launch({ executablePath: pathOf('chromium'), args: [...CHROMIUM_FLAGS] }), url),
  firefox: async (url) =>
    listenTo(await firefox.launch({ executablePath: pathOf('firefox'), channel: 'moz-firefox' }), url),
  async webkit(url) {
    pathOf('webkit')
    return { messages: [], close: await OPEN_MEASURED.webkit(url) }
  },
}

/** @param {import('playwright').Browser} browser @param {string} url @returns {Promise<Opened>} */
async function listenTo(browser, url) {
  const page = await browser.newPage()
  const messages = /** @type {string[]} */ ([])
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) messages.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => messages.push(`uncaught: ${error.message}`))
  await page.goto(url, { waitUntil: 'commit' })
  return { messages, close: () => browser.close() }
}

/** @param {Browser} browser @returns {string} as the browser says it; WebKitGTK as Debian does, since it says it on a display alone */
export function browserVersion(browser) {
  const program = pathOf(browser)
  const [name, parameters] =
    browser === 'webkit' ? ['dpkg-query', ['-s', 'webkit2gtk-driver']] : [program, ['--version']]
  const { stdout } = spawnSync(name, parameters, { encoding: 'utf8' })
  return /^(?:Version: |[A-Za-z ]+)(\d[\d.]+)/m.exec(stdout ?? '')?.[1] ?? 'unknown'
}
