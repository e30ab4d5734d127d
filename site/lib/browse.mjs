// @ts-check
// Pages of the built site in Chromium, on a wide and a narrow screen, light and dark: nothing comes from elsewhere, nothing
// breaks the Content-Security-Policy, nothing is wider than the screen, and axe finds nothing serious.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright'
import { CHROMIUM_FLAGS, findBrowser } from '../../test/support/browsers/engines.mjs'
import { serveSite } from './serve.mjs'

const PAGES = ['', 'client.html', 'architecture.html', 'internals/bench.html', 'reference/openapi-server.html']
const SCREENS = [
  { colorScheme: /** @type {const} */ ('light'), viewport: { width: 1280, height: 800 } },
  { colorScheme: /** @type {const} */ ('dark'), viewport: { width: 390, height: 844 } },
]
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** @param {string} folder of the built site @param {string} base @returns {Promise<{ views: number, problems: string[] }>} */
export async function browserProblems(folder, base) {
  const site = await serveSite(folder, base, 0)
  const browser = await chromium.launch({ executablePath: findBrowser('chromium') ?? '', args: [...CHROMIUM_FLAGS] })
  try {
    const problems = /** @type {string[]} */ ([])
    for (const screen of SCREENS) {
      const context = await browser.newContext(screen)
      for (const path of PAGES) problems.push(...(await viewProblems(context, site.url, path, screen)))
      problems.push(...(await searchBoxProblems(context, site.url)))
      await context.close()
    }
    return { views: SCREENS.length * (PAGES.length + 1), problems }
  } finally {
    await browser.close()
    site.close()
  }
}

/**
 * @param {import('playwright').BrowserContext} context
 * @param {string} url of the site
 * @param {string} path
 * @param {typeof SCREENS[number]} screen
 */
async function viewProblems(context, url, path, { colorScheme, viewport }) {
  const { page, problems } = await listeningPage(context, url)
  await page.goto(`${url}${path}`, { waitUntil: 'networkidle' })
  // A button of the theme has no name until Vue has mounted the page, which the network does not tell.
  await page.waitForFunction(() => '__vue_app__' in (globalThis.document.querySelector('#app') ?? {}))
  const dark = await page.evaluate(() => globalThis.document.documentElement.classList.contains('dark'))
  if (dark !== (colorScheme === 'dark')) problems.push('not in the colours that the reader asked for')
  const width = await page.evaluate(() => globalThis.document.documentElement.scrollWidth)
  if (width > viewport.width) problems.push(`${width} pixels wide`)
  problems.push(...(await seriousFindings(page)))
  await page.close()
  return problems.map((problem) => `/${path}, ${colorScheme}, ${viewport.width} pixels: ${problem}`)
}

/** Somebody looks for a function, and opens the first that is found. @param {import('playwright').BrowserContext} context @param {string} url */
async function searchBoxProblems(context, url) {
  const { page, problems } = await listeningPage(context, url)
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.keyboard.press('Control+k')
  await page.fill('.VPLocalSearchBox input', 'existingSets')
  const result = page.locator('.VPLocalSearchBox .result').first()
  await result.waitFor()
  await result.click()
  await page.waitForURL((address) => address.href.startsWith(url) && address.pathname.endsWith('.html'))
  await page.close()
  return problems.map((problem) => `the search box: ${problem}`)
}

/** @param {import('playwright').BrowserContext} context @param {string} url */
async function listeningPage(context, url) {
  const page = await context.newPage()
  const problems = /** @type {string[]} */ ([])
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) problems.push(message.text())
  })
  page.on('pageerror', ({ message }) => problems.push(message))
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) problems.push(`asks ${request.url()}`)
  })
  return { page, problems }
}

/** @param {import('playwright').Page} page @returns {Promise<string[]>} */
async function seriousFindings(page) {
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    const axe = /** @type {any} */ (globalThis).axe
    const { violations } = await axe.run(globalThis.document, { resultTypes: ['violations'] })
    return violations
      .filter(({ impact = '' }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id = '', nodes = /** @type {{ html: string }[]} */ ([]) }) =>
        nodes.map(({ html }) => `${id}: ${html}`),
      )
  })
}
