// @ts-check
import { join } from 'node:path'
import { chromium } from 'playwright'
import { CHROMIUM_FLAGS } from '../../support/browsers/engines.mjs'
import { browserVersion, pathOf } from '../support/browsers.mjs'
import { bundle } from '../support/bundle.mjs'
import { ran } from '../support/context.mjs'
import { withSite } from '../support/pages.mjs'

/** @typedef {import('../support/context.mjs').Context} Context */

export const name = 'extension'
export const what = 'an extension (Manifest V3) in Chromium: a page of it, and its background worker'
export const group = 'browsers'
export const version = () => browserVersion('chromium')

const MANIFEST = {
  manifest_version: 3,
  name: 'reshare',
  version: '1',
  background: { service_worker: 'background.js', type: 'module' },
  // Extensions refuse to compile WebAssembly without it.
  content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
  // The signing server: pages of the extension call it without CORS.
  host_permissions: ['http://127.0.0.1/*', 'http://localhost/*'],
}

/** @param {Context} context */
export async function run(context) {
  const html = (/** @type {string} */ script) => `<!doctype html><script type="module" src="${script}"></script>`
  const pages = { 'page.html': html('page.js'), 'ask.html': html('ask.js') }
  const folder = context.folder(name, { 'manifest.json': MANIFEST, ...pages })
  const scripts = { 'page.js': 'story/extension-page.mjs', 'ask.js': 'story/extension-ask.mjs' }
  await bundle(context, folder, { ...scripts, 'background.js': 'story/extension-background.mjs' })
  const flags = [...CHROMIUM_FLAGS, `--disable-extensions-except=${folder}`, `--load-extension=${folder}`]
  const options = { executablePath: pathOf('chromium'), channel: 'chromium', args: flags }
  // Its profile is a folder of the project.
  const browser = await chromium.launchPersistentContext(join(folder, 'profile'), options)
  try {
    const [worker = await browser.waitForEvent('serviceworker')] = browser.serviceWorkers()
    const id = new URL(worker.url()).host
    const said = []
    for (const page of ['page.html', 'ask.html'])
      said.push(await open(context, browser, `chrome-extension://${id}/${page}`))
    return [...new Set(said)].join('; ')
  } finally {
    await browser.close()
  }
}

/** @param {Context} context @param {import('playwright').BrowserContext} browser @param {string} address */
async function open(context, browser, address) {
  const options = { url: context.url, token: await context.token() }
  return withSite({ folder: context.project }, options, async (origin, reported) => {
    const page = await browser.newPage()
    await page.goto(`${address}?base=${encodeURIComponent(origin)}`)
    const { result, error } = await reported
    if (error !== undefined) throw new Error(`${address}: ${error}`)
    return ran(result)
  })
}
