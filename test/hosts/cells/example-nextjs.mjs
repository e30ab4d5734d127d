// @ts-check
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { freePort } from '../../../scripts/test-postgres.mjs'
import { quietly, sizeOf, versionOf } from '../support/built.mjs'
import { exampleFolder, launch, outputOf } from '../support/examples.mjs'
import { serving } from '../support/next-cells.mjs'

/** @typedef {import('playwright').Page} Page */

export const name = 'example-nextjs'
export const what = 'examples/nextjs, Turbopack and Chromium'
export const group = 'examples'
export const version = versionOf('next')

const [LOGIN, PASSWORD] = ['the login of ann', 'correct horse battery staple']
const secret = () => randomBytes(32).toString('hex')

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const folder = exampleFolder(context, 'nextjs')
  // It checks the types, too.
  await quietly(context, folder)('next/dist/bin/next', 'build', '--turbopack')
  const webhook = { RESHARE_WEBHOOK_SECRET: secret() }
  const port = await freePort()
  const server = context.bin('reshare-server/bin.js')
  const token = (await context.run(process.execPath, [server, 'token', 'ann'], { cwd: folder })).trim()
  const signing = await context.start(process.execPath, [server], {
    cwd: folder,
    env: { ...webhook, PORT: '0', RESHARE_CUSTODIAN_URL: `http://127.0.0.1:${port}/custodian` },
  })
  const secrets = { SESSION_SECRET: secret(), CUSTODIAN_MASTER_KEY: secret(), SIGNING_TOKEN: token, ...webhook }
  const env = { ...secrets, APP_PASSWORD: LOGIN, SIGNING_URL: signing.ready.url }
  const browser = await launch('chromium')
  try {
    return await serving(
      context,
      folder,
      async (url, output) => {
        const seen = await use(browser, url)
        const said = [...seen, output(), signing.output()].join('\n')
        if ([...Object.values(secrets), LOGIN, PASSWORD].some((one) => said.includes(one)))
          throw new Error('a log, or what the browser got, has a secret')
        return `generate, backup, recover, sign (ed25519) through the app's own server, ${sizeOf(join(folder, '.next/static'))} with Next.js`
      },
      { port, env },
    )
  } finally {
    await browser.close()
    await signing.stop()
  }
}

/** Two devices. @param {import('playwright').Browser} browser @param {string} url @returns {Promise<string[]>} what they got */
async function use(browser, url) {
  const phone = await openDevice(browser, url)
  await phone.press('Sign', 'there is no wallet on this device yet')
  await phone.press('Create a wallet', 'AUTH_FAILED')
  await phone.type('Log in', 'not this one', 'log in first')
  await phone.type('Log in', LOGIN, 'logged in')
  const created = await phone.press('Create a wallet', 'created')
  await phone.type('Back up', PASSWORD, 'backed up')
  await phone.press('Sign', 'signed')

  const laptop = await openDevice(browser, url)
  await laptop.type('Log in', LOGIN, 'logged in')
  await laptop.type('Recover', 'another one', 'this is not the password of the backup')
  const recovered = await laptop.type('Recover', PASSWORD, 'recovered')
  if (recovered.split(' ')[1] !== created.split(' ')[1]) throw new Error('another wallet')
  await laptop.press('Sign', 'signed')
  return [...phone.seen, ...laptop.seen]
}

/** A browser with a store of its own. @param {import('playwright').Browser} browser @param {string} url */
async function openDevice(browser, url) {
  const page = await (await browser.newContext()).newPage()
  const seen = /** @type {string[]} */ ([])
  page.on('console', (message) => seen.push(message.text()))
  page.on('pageerror', ({ message }) => seen.push(message))
  page.on('response', async (response) => {
    seen.push(JSON.stringify(response.headers()))
    seen.push(await response.text().catch(() => ''))
  })
  await page.goto(url)
  /** @param {string} button @param {string} expected */
  const press = async (button, expected) => {
    await page.getByRole('button', { name: button, exact: true }).click()
    return outputOf(page, expected)
  }
  return {
    seen,
    press,
    /** @param {string} button @param {string} text @param {string} expected */
    async type(button, text, expected) {
      await page.getByLabel(`${button}: password`).fill(text)
      return press(button, expected)
    },
  }
}
