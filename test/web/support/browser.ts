import { chromium, firefox, type Browser, type Page } from 'playwright'
import { playwrightPilot } from '../../../demo/web/check/pilot.ts'
import { virtualDisplay } from '../../support/browsers/display.mjs'
import { CHROMIUM_FLAGS, findBrowser, findMiniBrowser, type Engine } from '../../support/browsers/engines.mjs'
import { openSession } from '../../support/browsers/webkit-driver.mjs'
import { webdriverPilot, type ScriptedPilot } from './webdriver-pilot.ts'

/** A browser with the page of all devices open. */
export interface TestBrowser extends ScriptedPilot {
  /** What pages threw, and what their policy refused; WebDriver does not say. */
  readonly problems: readonly string[]
  /** Playwright's page; undefined in WebKit. */
  readonly page: Page | undefined
  close(): Promise<void>
}

/** Opens a page in a browser without a window (WebKit: with one, on a display of its own where there is none). */
export async function openBrowser(engine: Exclude<Engine, 'node'>, url: string): Promise<TestBrowser> {
  return engine === 'webkit' ? openWebkit(url) : openPlaywright(await launch(engine), url)
}

function launch(engine: 'chromium' | 'firefox'): Promise<Browser> {
  const executablePath = required(engine, findBrowser(engine))
  return engine === 'chromium'
    ? chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] })
    : firefox.launch({ executablePath, channel: 'moz-firefox' })
}

async function openPlaywright(browser: Browser, url: string): Promise<TestBrowser> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 950 } })
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content.Security.Policy/i.test(message.text())) problems.push(message.text())
  })
  await page.goto(url)
  return {
    ...playwrightPilot(page),
    problems,
    page,
    async run(device, body) {
      const frame = await (await page.$(`iframe[title="${device}"]`))!.contentFrame()
      return frame!.evaluate(`(async () => { ${body} })()`)
    },
    close: () => browser.close(),
  }
}

async function openWebkit(url: string): Promise<TestBrowser> {
  const driver = required('WebKitWebDriver', findBrowser('webkit'))
  const miniBrowser = required('MiniBrowser', findMiniBrowser())
  const display = await virtualDisplay()
  try {
    const session = await openSession(driver, miniBrowser, display.name)
    await session.command('POST', '/timeouts', { script: 60_000 })
    await session.command('POST', '/window/rect', { width: 1000, height: 950 })
    await session.navigate(url)
    const close = () => session.close().finally(display.close)
    return { ...webdriverPilot(session), problems: [], page: undefined, close }
  } catch (error) {
    display.close()
    throw error
  }
}

function required(name: string, path: string | undefined): string {
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}
