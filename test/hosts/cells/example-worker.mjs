// @ts-check
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quietly, sizeOf, versionOf } from '../support/built.mjs'
import { exampleFolder, launch, outputOf } from '../support/examples.mjs'
import { withSite } from '../support/pages.mjs'
import { traceOf } from '../support/trace.mjs'

const PASSWORD = 'correct horse battery staple'

export const name = 'example-worker'
export const what = 'examples/worker, Vite and Chromium'
export const group = 'examples'
export const version = versionOf('vite')

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const folder = exampleFolder(context, 'worker')
  await quietly(context, folder)('vite/bin/vite.js', 'build')
  const dist = join(folder, 'dist')
  writeFileSync(join(dist, 'config.json'), JSON.stringify({ url: context.url, token: await context.token() }))
  const browser = await launch('chromium')
  let longestMs = 0
  try {
    await withSite({ folder: dist }, {}, async (origin) => {
      const phone = await (await browser.newContext()).newPage()
      await phone.goto(origin)
      // Whatever drives the page loads its own scripts into it first.
      await phone.fill('#text', 'hello')
      await phone.locator('#output').textContent()
      await phone.waitForFunction(() => true)
      const trace = await traceOf(browser, phone)
      await phone.click('#create')
      const [, walletId] = (await outputOf(phone, 'created')).split(' ')
      await phone.fill('#password', PASSWORD)
      await phone.click('#backup button')
      await outputOf(phone, 'backed up')
      await phone.click('#sign button')
      await outputOf(phone, 'signed')
      longestMs = await trace.longestTaskMs()

      // Another device: it has the cipherText from the app's backend, and nothing else.
      const { origins } = await phone.context().storageState()
      const laptop = await (await browser.newContext({ storageState: { cookies: [], origins } })).newPage()
      await laptop.goto(origin)
      await laptop.fill('#recovery-password', PASSWORD)
      await laptop.click('#recover button')
      if ((await outputOf(laptop, 'recovered')).split(' ')[1] !== walletId) throw new Error('another wallet')
      await laptop.click('#sign button')
      await outputOf(laptop, 'signed')
    })
  } finally {
    await browser.close()
  }
  const blocked = `the page's longest task ${longestMs.toFixed(1)} ms of CPU time`
  return `generate, backup, recover, sign in a worker, ${sizeOf(dist)}; ${blocked}`
}
