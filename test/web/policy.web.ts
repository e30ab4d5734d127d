import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { playCancelledRecovery } from '../../demo/web/check/story.ts'
import { seriousFindings } from './support/axe.ts'
import { openBrowser, type TestBrowser } from './support/browser.ts'
import { writePicture } from './support/pictures.ts'
import { startDemo, type RunningDemo } from './support/web-demo.ts'

/** Longer than any test: the recovery goes on only if nobody cancels it. */
const DELAY_MS = 10 * 60_000

let demo: RunningDemo
let browser: TestBrowser

beforeAll(async () => {
  demo = await startDemo(DELAY_MS)
  browser = await openBrowser(inject('engine'), demo.url)
})
afterAll(async () => {
  await browser?.close()
  await demo?.close()
})

test('a recovery waits, and another device cancels it', async () => {
  await playCancelledRecovery(browser)
  const findings = [...(await seriousFindings(browser, 'Phone')), ...(await seriousFindings(browser, 'Laptop'))]
  await writePicture(browser.page, 'demo-recovery')
  // Otherwise it would ask again by itself once in a while.
  await browser.device('Laptop').click('Stop')
  await browser.device('Phone').click('Deny')
  await browser.device('Phone').sees('Denied. It does not go on')
  await browser.device('Laptop').click('Recover')
  await browser.device('Laptop').sees('Another device has stopped it')
  expect(findings).toEqual([])
  expect(browser.problems).toEqual([])
})
