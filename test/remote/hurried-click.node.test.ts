import { chromium, type Browser, type Page } from 'playwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CHROMIUM_FLAGS, findBrowser } from '../support/browsers/engines.mjs'
import { startAppPage, startFrames } from './support/frame-server.node.ts'

// What a page around the frame can do with clicks and keys that are the user's own.

// Less than the 500 ms for which the button must have been in view.
const HURRIED_MS = 400
const executablePath = findBrowser('chromium')

describe.runIf(executablePath !== undefined)('a page that uses the clicks of its user', () => {
  let browser: Browser
  let page: Page
  let app: Awaited<ReturnType<typeof startAppPage>>
  let frames: Awaited<ReturnType<typeof startFrames>>

  beforeAll(async () => {
    ;[browser, app, frames] = await Promise.all([
      chromium.launch({ executablePath: executablePath!, args: [...CHROMIUM_FLAGS] }),
      startAppPage(),
      startFrames(),
    ])
    page = await browser.newPage()
  })

  afterAll(async () => {
    await browser.close()
    await Promise.all([app.close(), frames.close()])
  })

  beforeEach(async () => {
    const appUrl = app.url.replace('127.0.0.1', 'localhost')
    await page.goto(appUrl)
    const query = { url: frames.url, token: 'none', app: appUrl, approval: 'click', store: 'memory' }
    const source = JSON.stringify(`${frames.url}/?${String(new URLSearchParams(query))}`)
    await page.evaluate(`
      globalThis.state = 'waits'
      remote.removeShare(frame(${source}), { walletId: '00'.repeat(16) }).then(() => (state = 'done'), (error) => (state = String(error)))
      0
    `)
    await page.frames()[1]!.waitForSelector('button')
  })

  /** In milliseconds. On a machine so busy that half a second passes before a click, the click is not hurried, and may count. */
  const duration = async (act: () => Promise<void>) => {
    const began = performance.now()
    await act()
    return performance.now() - began
  }
  const later = (ms: number) => page.waitForTimeout(ms)
  const style = (css: string) =>
    page.evaluate(`Object.assign(document.querySelector('iframe').style, ${css}), undefined`)
  const state = () => page.evaluate('state')
  /** The user who agrees: a click that comes too early for a busy machine is followed by another one. */
  const agree = async (act: () => Promise<void>) => {
    for (let i = 0; i < 10 && (await state()) !== 'done'; i++) {
      await act()
      await later(1200)
    }
    expect(await state()).toBe('done')
  }

  test('cannot show the button without the dialog', async () => {
    // The bottom of the frame is below the window: the button is in view, and what the user reads is not.
    const height = page.viewportSize()!.height
    await style(`{ top: '${height - 90}px' }`)
    await later(1500)
    await page.mouse.click(100, height - 40)
    await later(800)
    expect(await state()).toBe('waits')
    await style("{ top: '0px' }")
    await page.mouse.move(100, 50)
    await later(1500)
    await agree(() => page.mouse.click(100, 50))
  })

  test('cannot make a user approve who clicks again and again', async () => {
    let longestMs = 0
    for (let i = 0; i < 15; i++) {
      const clickMs = await duration(async () => {
        await page.mouse.click(100, 50)
        await later(60)
      })
      longestMs = Math.max(longestMs, clickMs)
    }
    await later(800)
    if (longestMs < HURRIED_MS) expect(await state()).toBe('waits')
    await agree(() => page.mouse.click(100, 50))
  })

  test('cannot bring a key of its own to the button', async () => {
    await later(1500)
    await page.evaluate("document.querySelector('iframe').src += '#yes'")
    await later(500)
    await page.evaluate("document.querySelector('iframe').focus()")
    await page.keyboard.press('Enter')
    await page.keyboard.press('Space')
    await later(800)
    expect(await state()).toBe('waits')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Shift+Tab')
    await agree(() => page.keyboard.press('Enter'))
  })

  test('cannot catch what its user goes on to type', async () => {
    await page.evaluate("document.querySelector('iframe').focus()")
    // As a host's dialog does that is opened while the frame has the focus.
    await page.frames()[1]!.evaluate("document.querySelector('button').focus()")
    await later(1500)
    const typedMs = await duration(() => page.keyboard.type('dear '))
    await later(800)
    if (typedMs < HURRIED_MS / 2) expect(await state()).toBe('waits')
    await agree(() => page.keyboard.press('Enter'))
  })

  test('cannot move the frame under the pointer', async () => {
    await style("{ left: '500px' }")
    await later(1500)
    await page.mouse.move(100, 50)
    const fromTheSideMs = await duration(async () => {
      await style("{ left: '0px' }")
      await page.mouse.click(100, 50)
    })
    await later(800)
    if (fromTheSideMs < HURRIED_MS) expect(await state()).toBe('waits')
    // Nor out of the dialog's text and onto the button.
    await page.mouse.move(100, 120)
    await later(1000)
    const downMs = await duration(async () => {
      await style("{ top: '70px' }")
      await page.mouse.click(100, 120)
    })
    await later(800)
    if (fromTheSideMs < HURRIED_MS && downMs < HURRIED_MS) expect(await state()).toBe('waits')
    await agree(() => page.mouse.click(100, 120))
  })
})
