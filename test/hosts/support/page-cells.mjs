// @ts-check
// Cells of clients in a page.
import { browserVersion } from './browsers.mjs'
import { bundle, writePage } from './bundle.mjs'
import { ran } from './context.mjs'

/** @typedef {import('./context.mjs').Context} Context */

/** The app in a page of a browser. @param {import('./browsers.mjs').Browser} browser */
export function pageOf(browser) {
  return {
    version: () => browserVersion(browser),
    /** @param {Context} context */
    async run(context) {
      const folder = context.folder(`page-${browser}`)
      await bundle(context, folder, { 'page.js': 'story/page.mjs' })
      writePage(folder, '/page.js')
      const { result, messages } = await context.page(browser, { folder })
      if (messages.length > 0) throw new Error(messages.join('\n'))
      return ran(result)
    },
  }
}

/** @type {readonly import('./browsers.mjs').Browser[]} */
const BROWSERS = ['chromium', 'firefox', 'webkit']

/** The versions of all three. */
export const browserVersions = () =>
  [`Chromium ${browserVersion('chromium')}`, `Firefox ${browserVersion('firefox')}`]
    .concat(`WebKitGTK ${browserVersion('webkit')}`)
    .join(', ')

/**
 * Opens a site in each browser.
 *
 * @param {Context} context
 * @param {import('./pages.mjs').Site} site
 * @param {(result: any) => void} [check] throws if the result is not what it should be
 * @returns {Promise<string>} what ran in all of them
 */
export async function inEveryBrowser(context, site, check = () => {}) {
  const said = new Set()
  for (const browser of BROWSERS) {
    try {
      const { result } = await context.page(browser, site)
      check(result)
      said.add(ran(result))
    } catch (error) {
      throw new Error(`${browser}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  }
  return [...said].join('; ')
}

/** The app in a worker that a page starts. @param {'dedicated' | 'shared' | 'service'} kind */
export function workerOf(kind) {
  return {
    version: browserVersions,
    /** @param {Context} context */
    async run(context) {
      const folder = context.folder(`worker-${kind}`)
      const scripts = { 'page.js': 'story/make-worker.mjs', 'worker.js': 'story/page.mjs' }
      await bundle(context, folder, { ...scripts, 'service-worker.js': 'story/service-worker.mjs' })
      writePage(folder, '/page.js')
      return inEveryBrowser(context, { folder, path: `/?kind=${kind}` })
    },
  }
}
