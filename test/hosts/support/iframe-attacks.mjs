// @ts-check
/* global addEventListener, document, indexedDB, MouseEvent, SubtleCrypto, window */
// What a script in the app's page tries against the wallet's frame.
import { createServer } from 'node:http'
import { once } from 'node:events'

/** @typedef {import('playwright').Page} Page */

/**
 * @typedef {object} Target
 * @property {() => import('playwright').Frame} wallet
 * @property {(label: string) => Promise<void>} click of the user
 * @property {string} walletOrigin
 * @property {string} password that the user has typed
 */

/** How long a signature that nobody agreed to may take to appear. */
const WAIT_MS = 2500

/** Has every frame keep what it can hear, and the wallet's frame what its store seals. @param {Page} page */
export function listenInPage(page) {
  return page.addInitScript(() => {
    const kept = /** @type {any} */ (window)
    kept.heard = []
    kept.sealed = []
    for (const type of ['message', 'keydown', 'input', 'paste']) {
      const keep = (/** @type {any} */ event) => kept.heard.push(`${type}: ${event.data ?? event.key}`)
      addEventListener(type, keep, { capture: true })
    }
    const encrypt = SubtleCrypto.prototype.encrypt
    SubtleCrypto.prototype.encrypt = function (
      /** @type {any} */ algorithm,
      /** @type {CryptoKey} */ key,
      /** @type {BufferSource} */ data,
    ) {
      const bytes = ArrayBuffer.isView(data)
        ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        : new Uint8Array(data)
      kept.sealed.push(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''))
      return encrypt.call(this, algorithm, key, data)
    }
  })
}

/** @param {Page} page @returns {Promise<string[]>} */
export function spiedMessages(page) {
  return page.evaluate(() => /** @type {any} */ (window).heard)
}

/** Tries each. @param {Page} page @param {Target} target @returns {Promise<number>} how many were tried */
export async function attack(page, target) {
  for (const [name, run] of Object.entries(ATTACKS)) {
    await run(page, target).catch((/** @type {Error} */ cause) => {
      throw new Error(`${name}: ${cause.message}`, { cause })
    })
  }
  return Object.keys(ATTACKS).length
}

/** @type {Readonly<Record<string, (page: Page, target: Target) => Promise<void>>>} */
const ATTACKS = {
  async 'reads the frame'(page) {
    const read = await page.evaluate(() => {
      const frame = /** @type {any} */ (document.querySelector('iframe'))
      const tries = [
        () => frame.contentWindow.document.body.innerHTML,
        () => frame.contentWindow.indexedDB.databases(),
        () => frame.contentWindow.eval('1'),
        () => frame.contentDocument.body.innerHTML,
      ]
      return tries.filter((attempt) => {
        try {
          return attempt() !== undefined
        } catch {
          return false
        }
      }).length
    })
    if (read > 0) throw new Error(`${read} ways to read it`)
  },

  async 'finds shares in its own origin'(page) {
    const found = await page.evaluate(async () => (await indexedDB.databases?.())?.length ?? 0)
    if (found > 0) throw new Error('the page has a database')
  },

  async 'finds a share in a message'(page, { wallet }) {
    const stored = await wallet().evaluate(() => /** @type {any} */ (window).sealed)
    if (stored.length === 0) throw new Error('the wallet stores nothing that could be compared')
    const known = new Set(stored.flatMap(windowsOf))
    const texts = await spiedMessages(page)
    const told = new Set(texts.flatMap(publicValues).flatMap((value) => hexIn(value).flatMap(windowsOf)))
    const common = texts.flatMap((text) => hexIn(text).flatMap(windowsOf)).filter((part) => known.has(part))
    if (common.length === 0) throw new Error('not even public keys were found in both')
    if (!common.every((part) => told.has(part))) throw new Error('bytes of the store that are not public')
  },

  async 'signs without the user'(page) {
    await page.evaluate(() => /** @type {any} */ (document.querySelector('#sign button')).click())
    await page.waitForTimeout(WAIT_MS)
    await expectNoSignature(page)
  },

  async 'clicks in the frame by events of its own'(page) {
    await page.evaluate(() => {
      const frame = /** @type {any} */ (document.querySelector('iframe'))
      frame.focus()
      for (const type of ['pointerdown', 'mousedown', 'mouseup', 'click', 'keydown']) {
        frame.dispatchEvent(new MouseEvent(type, { bubbles: true, clientX: 50, clientY: 120 }))
      }
      frame.contentWindow.postMessage({ type: 'click' }, '*')
    })
    await page.waitForTimeout(WAIT_MS)
    await expectNoSignature(page)
  },

  async 'has the user click through something drawn over the frame'(page, { click }) {
    await page.evaluate(() => {
      const frame = /** @type {HTMLElement} */ (document.querySelector('iframe'))
      const { left, top, width, height } = frame.getBoundingClientRect()
      const cover = document.createElement('div')
      cover.id = 'cover'
      cover.textContent = 'Click here to win'
      cover.style.cssText = `position:fixed;left:${left}px;top:${top}px;width:${width}px;height:${height}px;background:#fff;pointer-events:none;z-index:9`
      document.body.append(cover)
    })
    await click('Agree')
    await page.waitForTimeout(WAIT_MS)
    await expectNoSignature(page)
    await page.evaluate(() => document.getElementById('cover')?.remove())
    await closeWindows(page)
  },

  async 'has the user click in a frame that cannot be seen'(page, { click }) {
    const style = (/** @type {string} */ value) =>
      page.evaluate((opacity) => {
        const frame = /** @type {HTMLElement} */ (document.querySelector('iframe'))
        frame.style.opacity = opacity
      }, value)
    await page.evaluate(() => /** @type {any} */ (document.querySelector('#sign button')).click())
    await style('0')
    await click('Agree')
    await page.waitForTimeout(WAIT_MS)
    await expectNoSignature(page)
    await style('1')
    await closeWindows(page)
  },

  async 'has the wallet in a page of its own'(page, { walletOrigin }) {
    const other = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<iframe src="${walletOrigin}"></iframe>`)
    }).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = /** @type {import('node:net').AddressInfo} */ (other.address())
    const tab = await page.context().newPage()
    try {
      await tab.goto(`http://localhost:${port}`)
      await tab.waitForTimeout(1000)
      const frame = tab.frames().find((one) => one !== tab.mainFrame())
      const title = await frame?.evaluate(() => document.querySelector('h1')?.textContent).catch(() => undefined)
      if (title === 'Wallet') throw new Error('another origin shows the wallet')
    } finally {
      await tab.close()
      other.close()
    }
  },
}

/** @param {Page} page */
async function expectNoSignature(page) {
  const text = await page.locator('#output').textContent()
  if (text?.startsWith('signed')) throw new Error('a signature that nobody agreed to')
}

/** Refuses in every window of the wallet that a click has opened. @param {Page} page */
async function closeWindows(page) {
  for (const popup of page.context().pages()) if (popup !== page) await popup.close()
}

/** Each run of 16 bytes. @param {string} hex */
function windowsOf(hex) {
  return Array.from({ length: Math.max(0, hex.length / 2 - 15) }, (_, i) => hex.slice(2 * i, 2 * i + 32))
}

/** The bytes that runs of a text may stand for, base64 or hex, as hex. @param {string} text */
function hexIn(text) {
  const runs = text.match(/[A-Za-z0-9+/_=-]{22,}/g) ?? []
  return runs.map((run) => (/^(?:[0-9a-f]{2})+$/.test(run) ? run : Buffer.from(run, 'base64').toString('hex')))
}

const PUBLIC = ['id', 'walletId', 'setId', 'secp256k1', 'ed25519']

/** Ids and public keys in a message: at most 33 bytes each. @param {string} text @returns {string[]} */
function publicValues(text) {
  const found = [...text.matchAll(/"([A-Za-z0-9]+)":"([^"]{0,64})"/g)]
  return found.filter(([, name]) => PUBLIC.includes(String(name))).map(([, , value]) => String(value))
}
