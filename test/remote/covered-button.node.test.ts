import { chromium, type Browser, type Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM_FLAGS, findBrowser } from '../support/browsers/engines.mjs'
import { startAppPage, startFrames } from './support/frame-server.node.ts'

// Chromium alone says whether something covers a frame, and only of a page that nothing scales, as a test runner's page is.
const executablePath = findBrowser('chromium')

describe.runIf(executablePath !== undefined)('a button of the host in Chromium', () => {
  let browser: Browser
  let page: Page
  let app: Awaited<ReturnType<typeof startAppPage>>
  let frames: Awaited<ReturnType<typeof startFrames>>
  let appUrl: string

  beforeAll(async () => {
    ;[browser, app, frames] = await Promise.all([
      chromium.launch({ executablePath: executablePath!, args: [...CHROMIUM_FLAGS] }),
      startAppPage(),
      startFrames(),
    ])
    page = await browser.newPage()
    // Another site than the frame's, and not only another port.
    appUrl = app.url.replace('127.0.0.1', 'localhost')
    await page.goto(appUrl)
  })

  afterAll(async () => {
    await browser.close()
    await Promise.all([app.close(), frames.close()])
  })

  const frameSource = (store: string, approval: string) =>
    `${frames.url}/?${String(new URLSearchParams({ url: frames.url, token: 'none', app: appUrl, approval, store }))}`

  test('a frame has a store of its own, or says that the browser gives it none', async () => {
    const source = JSON.stringify(frameSource('remote-frame', 'no'))
    const listed = await page.evaluate(`remote.listWallets(frame(${source})).catch(({ code }) => code)`)
    expect([[], 'STORAGE_UNAVAILABLE']).toContainEqual(listed)
    await page.reload()
  })

  test('approves if the user clicks it in view, and not while something covers it', async () => {
    const source = JSON.stringify(frameSource('memory', 'click'))
    await page.evaluate(`
      globalThis.state = 'waits'
      remote.removeShare(frame(${source}), { walletId: '00'.repeat(16) }).then(() => (state = 'done'), (error) => (state = String(error)))
      0
    `)
    await page.mouse.move(100, 50)
    await page.waitForTimeout(1500)
    await page.evaluate(`
      globalThis.cover = Object.assign(document.createElement('div'), { textContent: 'Win a prize: click here' })
      cover.style.cssText = 'position: fixed; top: 0; left: 0; width: 300px; height: 150px; background: white; pointer-events: none'
      document.body.append(cover)
      0
    `)
    await page.waitForTimeout(700)
    await page.mouse.click(100, 50)
    await page.waitForTimeout(1000)
    expect(await page.evaluate('state')).toBe('waits')

    // A page that uncovers the button just before the click, and covers it again.
    await page.evaluate('cover.remove()')
    await page.mouse.click(100, 50)
    await page.waitForTimeout(1000)
    expect(await page.evaluate('state')).toBe('waits')

    // A click that comes too early for a busy machine is followed by another one.
    for (let i = 0; i < 10 && (await page.evaluate('state')) === 'waits'; i++) {
      await page.mouse.click(100, 50)
      await page.waitForTimeout(1200)
    }
    expect(await page.evaluate('state')).toBe('done')
    const title = await page.frames()[1]!.title()
    expect(title).toBe('true')
  })
})
