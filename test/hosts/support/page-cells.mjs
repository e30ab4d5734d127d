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
