// @ts-check
/* global document, IntersectionObserver, IntersectionObserverEntry */
// examples/iframe: what it does for its user, and what it does not do for a script in the app's page.
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { browserVersion } from './browsers.mjs'
import { bundle } from './bundle.mjs'
import { exampleFolder, launch, outputOf } from './examples.mjs'
import { attack, listenInPage, spiedMessages } from './iframe-attacks.mjs'

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('playwright').Page} Page */

const PASSWORD = 'correct horse battery staple'

/** @param {import('./examples.mjs').Clickable} engine */
export function iframeIn(engine) {
  return {
    version: () => browserVersion(engine),
    /** @param {Context} context */
    async run(context) {
      const folder = exampleFolder(context, 'iframe')
      await bundle(context, folder, { 'app/main.js': 'app/main.ts', 'wallet/wallet.js': 'wallet/wallet.ts' })
      const { serve } = await import(pathToFileURL(join(folder, 'serve.mjs')).href)
      const site = await serve({ url: context.url, token: await context.token() })
      const browser = await launch(engine)
      try {
        const page = await (await browser.newContext()).newPage()
        await listenInPage(page)
        await page.goto(site.appOrigin)
        const user = userOf(page, site.walletOrigin, engine === 'firefox')
        await use(page, user)
        const refused = await attack(page, { ...user, walletOrigin: site.walletOrigin, password: PASSWORD })
        const messages = await spiedMessages(page)
        if (messages.some((text) => text.includes(PASSWORD))) throw new Error('the page has read the password')
        return `generate, backup, sign; attacks of a script in the page: ${refused} tried, none succeeded`
      } finally {
        await browser.close()
        site.close()
      }
    },
  }
}

/** @param {Page} page @param {ReturnType<typeof userOf>} user */
async function use(page, user) {
  await page.click('#create')
  await assertSeenAnywhere(page, user.wallet())
  await user.agree()
  await outputOf(page, 'created')
  await page.click('#backup')
  await user.agree()
  await user.type(PASSWORD)
  await user.agree()
  await outputOf(page, 'backed up')
  await page.click('#sign button')
  await user.agree()
  await outputOf(page, 'signed')
}

/**
 * Where a frame stands, and how wide words are, is up to the app and the fonts: rarely on whole pixels. The engine must not say
 * that something covers a button, wherever that is.
 *
 * @param {Page} page
 * @param {import('playwright').Frame} wallet
 */
async function assertSeenAnywhere(page, wallet) {
  await wallet.getByRole('button', { name: 'Agree' }).waitFor()
  for (const left of [0.2, 0.4, 0.6, 0.8, 0]) {
    await page.locator('iframe').evaluate((frame, style) => Object.assign(frame.style, style), {
      position: 'relative',
      left: `${left}px`,
    })
    const covered = await wallet.evaluate(coveredButtons)
    if (covered.length > 0) throw new Error(`${covered.join(' and ')} of a frame at ${left} pixels: said to be covered`)
  }
}

/** In the wallet's page: the buttons that are not seen as a whole. An engine that cannot tell names none. */
async function coveredButtons() {
  if (!('isVisible' in IntersectionObserverEntry.prototype)) return []
  const buttons = Array.from(document.querySelectorAll('button'))
  /** @type {(IntersectionObserverEntry & { isVisible?: boolean })[]} */
  const entries = await new Promise((resolve) => {
    const options = /** @type {object} */ ({ trackVisibility: true, delay: 100 })
    const observer = new IntersectionObserver((seen) => (observer.disconnect(), resolve(seen)), options)
    for (const button of buttons) observer.observe(button)
  })
  return entries.filter(({ isVisible }) => !isVisible).map(({ target }) => target.textContent)
}

/** Waits until what is there now is gone; the next dialog may have another. @param {import('playwright').Locator} locator */
async function gone(locator) {
  await (await locator.elementHandle())?.waitForElementState('hidden')
}

/**
 * What the user does in the wallet.
 *
 * @param {Page} page
 * @param {string} walletOrigin
 * @param {boolean} hasWindow whether the engine cannot see what covers a frame, so that the wallet opens a window
 */
function userOf(page, walletOrigin, hasWindow) {
  const wallet = () => {
    const frame = page.frames().find((one) => one.url().startsWith(walletOrigin))
    if (frame === undefined) throw new Error('the page has no wallet')
    return frame
  }
  const buttonOf = (/** @type {string} */ label) => wallet().getByRole('button', { name: label })
  const click = async (/** @type {string} */ label) => {
    await buttonOf(label).waitFor()
    // The user reads what it says first, with the pointer there already.
    await buttonOf(label).hover()
    await page.waitForTimeout(1200)
    await buttonOf(label).click()
  }
  /** A click on a button that has not been in view for long enough does not count: the user clicks again. */
  const clickUntil = async (/** @type {string} */ label, /** @type {() => Promise<unknown>} */ done) => {
    for (;;) {
      const ended = done()
      await click(label)
      if (await Promise.race([ended.then(() => true), page.waitForTimeout(4000).then(() => false)])) return
    }
  }
  return {
    wallet,
    click,
    /** Agrees in the frame, and in the window that it may open. */
    async agree() {
      if (!hasWindow) return clickUntil('Agree', () => gone(buttonOf('Agree')))
      const opened = page.waitForEvent('popup')
      await clickUntil('Agree', () => opened)
      const popup = await opened
      await popup.waitForTimeout(1200)
      // The click closes the window, and it may be gone before the click has ended.
      await popup
        .getByRole('button', { name: 'Agree' })
        .click()
        .catch(() => undefined)
    },
    async type(/** @type {string} */ text) {
      const input = wallet().locator('input[type=password]')
      await input.fill(text)
      await clickUntil('Agree', () => gone(input))
    },
  }
}
