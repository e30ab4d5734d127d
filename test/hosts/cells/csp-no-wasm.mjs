// @ts-check
import { bundle, writePage } from '../support/bundle.mjs'
import { browserVersions, inEveryBrowser } from '../support/page-cells.mjs'

/** @typedef {import('../support/context.mjs').Context} Context */

export const name = 'csp-no-wasm'
export const what = "a page whose policy is `script-src 'self'`"
export const group = 'browsers'
export const version = browserVersions

/** @param {Context} context */
export async function run(context) {
  const folder = context.folder(name)
  await bundle(context, folder, { 'page.js': 'story/portable-page.mjs' })
  writePage(folder, '/page.js')
  const policy = `default-src 'none'; script-src 'self'; connect-src 'self' ${context.url}`
  const site = { folder, headers: { 'content-security-policy': policy } }
  const said = await inEveryBrowser(context, site, ({ refused }) => {
    if (refused !== 'WASM_UNAVAILABLE') throw new Error(`expected WASM_UNAVAILABLE: ${refused}`)
  })
  return `WASM_UNAVAILABLE; with \`reshare/portable\` ${said}`
}
