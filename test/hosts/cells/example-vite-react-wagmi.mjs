// @ts-check
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestClient, http, parseEther, publicActions, verifyMessage } from 'viem'
import { foundry } from 'viem/chains'
import { withAnvil } from '../support/anvil.mjs'
import { quietly, sizeOf, versionOf } from '../support/built.mjs'
import { exampleFolder, launch, outputOf } from '../support/examples.mjs'
import { withSite } from '../support/pages.mjs'

/** @typedef {import('viem').Hex} Hex */

export const name = 'example-vite-react-wagmi'
export const what = 'examples/vite-react-wagmi, wagmi and Chromium'
export const group = 'examples'
export const version = versionOf('wagmi')

const RECIPIENT = '0x00000000000000000000000000000000000000A1'

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const folder = exampleFolder(context, 'vite-react-wagmi')
  const program = quietly(context, folder)
  await program('typescript/bin/tsc', '-p', '.')
  await program('vite/bin/vite.js', 'build')
  const dist = join(folder, 'dist')
  await withAnvil(async (rpc) => {
    writeFileSync(join(dist, 'config.json'), JSON.stringify({ url: context.url, token: await context.token(), rpc }))
    const browser = await launch('chromium')
    try {
      await withSite({ folder: dist }, {}, async (origin) => use(await browser.newPage(), origin, rpc))
    } finally {
      await browser.close()
    }
  })
  return `connect, sign a message, send ether, reconnect (ecdsa), ${sizeOf(dist)} with wagmi and React`
}

/** @param {import('playwright').Page} page @param {string} origin @param {string} rpc */
async function use(page, origin, rpc) {
  const chain = createTestClient({ chain: foundry, mode: 'anvil', transport: http(rpc) }).extend(publicActions)
  let agrees = false
  const asked = /** @type {string[]} */ ([])
  page.on('dialog', (dialog) => {
    asked.push(dialog.message())
    void (agrees ? dialog.accept() : dialog.dismiss())
  })
  const press = (/** @type {string} */ button) => page.getByRole('button', { name: button, exact: true }).click()
  await page.goto(origin)
  await press('Connect')
  const address = /** @type {Hex} */ ((await outputOf(page, 'connected')).split(' ')[1])
  await chain.setBalance({ address, value: parseEther('1') })

  await press('Sign')
  await outputOf(page, 'User rejected')
  agrees = true
  await press('Sign')
  const signature = /** @type {Hex} */ ((await outputOf(page, 'signed')).split(' ')[1])
  if (!(await verifyMessage({ address, message: 'hello', signature }))) throw new Error('the signature is wrong')

  // Reconnects by itself.
  await page.reload()
  await page.locator('#address').waitFor()
  await page.getByLabel('To').fill(RECIPIENT)
  await press('Send')
  const hash = /** @type {Hex} */ ((await outputOf(page, 'sent')).split(' ')[1])
  const { from } = await chain.getTransactionReceipt({ hash })
  if (from.toLowerCase() !== address.toLowerCase()) throw new Error(`another account has sent it: ${from}`)
  if ((await chain.getBalance({ address: RECIPIENT })) !== parseEther('0.5')) throw new Error('another amount was sent')
  const [, text, amount] = asked
  if (!text?.includes('hello') || amount !== `Send 0.5 ether to ${RECIPIENT}?`)
    throw new Error(`asked: ${asked.join()}`)
}
