import { readFileSync } from 'node:fs'
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { seriousFindings } from './support/axe.ts'
import { openBrowser, type TestBrowser } from './support/browser.ts'
import { addAuthenticator } from './support/passkeys.ts'
import { writePicture } from './support/pictures.ts'
import { startDemo, type RunningDemo } from './support/web-demo.ts'

// One after the other with one wallet, as a user does it: each test needs those before it.
const engine = inject('engine')
const findings: string[] = []
let demo: RunningDemo
let browser: TestBrowser

beforeAll(async () => {
  demo = await startDemo()
  browser = await openBrowser(engine, demo.url)
  await browser.click('Add a third device')
})
afterAll(async () => {
  await browser?.close()
  await demo?.close()
})

/** The tablet recovers in some way, and is removed and emptied for the next. */
async function recoverOnTablet(kind: string, open: () => Promise<void> = async () => {}): Promise<void> {
  const tablet = browser.device('Tablet')
  const phone = browser.device('Phone')
  await tablet.click('Recover from a backup')
  await tablet.choose(kind)
  await open()
  await tablet.click('Recover')
  await tablet.sees('Your wallet')
  await phone.click('Devices')
  await phone.click('Remove Tablet')
  await phone.click('Remove the device')
  await phone.sees('The device was removed')
  await tablet.click('Empty this device')
  await tablet.sees('Your wallet is on another device')
}

async function backUp(kind: string): Promise<void> {
  const phone = browser.device('Phone')
  await phone.click('Backup')
  await phone.choose(kind)
  await phone.click('Back up')
  await phone.sees('The backup is made')
  findings.push(...(await seriousFindings(browser, 'Phone')))
}

test('a device joins by its code, pasted or from a picture', async () => {
  const phone = browser.device('Phone')
  const laptop = browser.device('Laptop')
  await phone.click('Create a wallet')
  await phone.sees('Your wallet')
  const address = await phone.read('Ethereum address')

  await laptop.click('Add by another device')
  const code = await laptop.read('Code')
  findings.push(...(await seriousFindings(browser, 'Laptop')))
  await phone.click('Devices')
  await phone.click('Add a device')
  await writePicture(browser.page, 'demo-join', 'Laptop')
  // Playwright tells of downloads in Chromium alone.
  if (browser.page && engine === 'chromium') await scanPicture(browser.page)
  else await phone.fill('Or paste the code', code)
  await phone.fill('Name of the device', 'The laptop')
  await phone.click('Add the device')
  const shown = /The other device must show (\w{4} \w{4})/.exec(await laptop.text())![1]!
  await phone.sees(`Does the new device show ${shown}?`)
  await phone.click('Yes, let it sign')
  await phone.sees('The laptop can sign now')
  await laptop.sees('Your wallet')
  expect(await laptop.read('Ethereum address')).toBe(address)

  /** The laptop saves its code as a picture, and the phone reads it: the code itself is typed nowhere. */
  async function scanPicture(page: Page): Promise<void> {
    const download = page.waitForEvent('download')
    await laptop.click('Save as a picture')
    const buffer = readFileSync(await (await download).path())
    const frame = page.frameLocator('iframe[title="Phone"]')
    await frame.getByLabel('Picture of the code').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer })
    await expect.poll(() => frame.getByLabel('Or paste the code').inputValue(), { timeout: 20_000 }).toBe(code)
  }
})

test('a text that is no code is refused in words', async () => {
  const laptop = browser.device('Laptop')
  await laptop.click('Devices')
  await laptop.click('Add a device')
  await laptop.fill('Or paste the code', 'not a code')
  await laptop.click('Add the device')
  await laptop.sees('This is not the code of a device')
})

test('a screen takes the focus as it opens, not from a field later, and stays where it is', async () => {
  const seen = await browser.run(
    'Laptop',
    `
    const changed = () =>
      new Promise((resolve) => new MutationObserver(resolve).observe(document.body, { childList: true, subtree: true }))
    const button = (name) => Array.from(document.querySelectorAll('button')).find(({ textContent }) => textContent.trim() === name)
    const opened = changed()
    button('Backup').click()
    await opened
    const focused = document.activeElement.textContent
    while (!button('Back up')) await changed()
    const place = button('Back up').offsetTop
    await new Promise((resolve) => setTimeout(resolve, 2000))
    return JSON.stringify({ focused, moved: button('Back up').offsetTop - place })`,
  )
  expect(JSON.parse(seen as string)).toEqual({ focused: 'Backup', moved: 0 })
})

test.each(['Google Drive', 'iCloud'])('a wallet comes back by %s', async (kind) => {
  await backUp(kind)
  await recoverOnTablet(kind)
})

test('a wallet comes back by two of three guardians', async () => {
  await backUp('Guardians')
  const tablet = browser.device('Tablet')
  await recoverOnTablet('Guardians', async () => {
    await tablet.click('Ask Bob')
    await tablet.sees('1 of 2')
    await tablet.click('Ask Dave')
    await tablet.sees('2 of 2')
    await writePicture(browser.page, 'demo-guardians', 'Tablet')
    findings.push(...(await seriousFindings(browser, 'Tablet')))
  })
})

test('what is signed is shown in words, and only signed if the user agrees', async () => {
  const phone = browser.device('Phone')
  await phone.click('Wallet')
  await phone.click('Get 10 test SOL')
  await phone.sees('10 test SOL')
  findings.push(...(await seriousFindings(browser, 'Phone')))
  await phone.click('Sign')
  await phone.choose('SOL')
  await phone.click('Send SOL')
  await phone.sees('Send 0.5 SOL?')
  await phone.click('Cancel')
  await phone.sees('It was stopped')
  await phone.click('Send SOL')
  await phone.click('Agree and sign')
  await phone.sees('Sent 0.5 SOL')
  await phone.choose('PSBT')
  await phone.click('Make a sample')
  await phone.click('Sign the PSBT')
  await phone.sees('Send 0 bitcoin?')
  await phone.sees('0.00499 bitcoin to')
  await phone.sees('0.00001 bitcoin')
  findings.push(...(await seriousFindings(browser, 'Phone')))
  await phone.click('Agree and sign')
  await phone.sees('so it is not sent')
  findings.push(...(await seriousFindings(browser, 'Phone')))
})

test('a private key is shown only after the word was typed', async () => {
  const phone = browser.device('Phone')
  await phone.click('Safety')
  await phone.click('Export')
  findings.push(...(await seriousFindings(browser, 'Phone')))
  await phone.fill('Type EXPORT to go on', 'EXPORT')
  await phone.click('Show the private key')
  expect(await phone.read('Private key')).toMatch(/^[0-9a-f]{64}$/)
  findings.push(...(await seriousFindings(browser, 'Phone')))
  await phone.click('Hide the private key')
  expect(await phone.text()).not.toMatch(/[0-9a-f]{64}/)
})

// Chromium alone can simulate a passkey.
test.runIf(engine === 'chromium')('a wallet comes back by a passkey, and a passkey locks a device', async () => {
  await addAuthenticator(browser.page!)
  const phone = browser.device('Phone')
  await phone.click('Backup')
  await phone.choose('Passkey')
  await phone.click('Make a passkey')
  await phone.sees('The passkey is made')
  await backUp('Passkey')
  await recoverOnTablet('Passkey')

  await phone.click('Safety')
  await phone.click('Lock with a passkey')
  await phone.sees('Your wallet')
  await phone.click('Safety')
  await phone.click('Lock now')
  await phone.sees('You are asked at the next use')
  await phone.click('Sign')
  await phone.click('Sign the text')
  await phone.click('Agree and sign')
  await phone.sees('The signature was checked')
})

test('axe has found nothing serious on any of these screens, and the policy has refused nothing', () => {
  expect(findings).toEqual([])
  expect(browser.problems).toEqual([])
})
