// @ts-check
// Opens a page in each of the browsers that the tests run in.
import { chromium, firefox } from 'playwright'
import { virtualDisplay } from '../../test/support/browsers/display.mjs'
import { CHROMIUM_FLAGS, findBrowser, findMiniBrowser } from '../../test/support/browsers/engines.mjs'
import { openSession } from '../../test/support/browsers/webkit-driver.mjs'

/** @typedef {'chromium' | 'firefox' | 'webkit'} Browser */
/** @typedef {() => Promise<void>} Close */

/** @type {Readonly<Record<Browser, (url: string) => Promise<Close>>>} */
export const OPEN = {
  async chromium(url) {
    return withPlaywright(chromium, { executablePath: found('chromium'), args: [...CHROMIUM_FLAGS] }, url)
  },
  async firefox(url) {
    return withPlaywright(firefox, { executablePath: found('firefox'), channel: 'moz-firefox' }, url)
  },
  async webkit(url) {
    const browser = findMiniBrowser()
    if (browser === undefined) throw new Error('MiniBrowser is not installed')
    const display = await virtualDisplay()
    try {
      const session = await openSession(found('webkit'), browser, display.name)
      await session.navigate(url)
      return async () => {
        await session.close()
        display.close()
      }
    } catch (error) {
      display.close()
      throw error
    }
  },
}

/**
 * @param {import('playwright').BrowserType} type
 * @param {import('playwright').LaunchOptions} options
 * @param {string} url
 */
async function withPlaywright(type, options, url) {
  const browser = await type.launch(options)
  const page = await browser.newPage()
  await page.goto(url)
  return () => browser.close()
}

/** @param {Browser} browser */
function found(browser) {
  const path = findBrowser(browser)
  if (path === undefined) throw new Error(`${browser} is not installed`)
  return path
}
