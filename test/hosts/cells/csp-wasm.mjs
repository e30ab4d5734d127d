// @ts-check
import { bundle, writePage } from '../support/bundle.mjs'
import { browserVersions, inEveryBrowser } from '../support/page-cells.mjs'

/** @typedef {import('../support/context.mjs').Context} Context */

export const name = 'csp-wasm'
export const what = "a page whose policy is `script-src 'self' 'wasm-unsafe-eval'`, with Trusted Types"
export const group = 'browsers'
export const version = browserVersions

/** @param {Context} context */
export async function run(context) {
  const folder = context.folder(name)
  await bundle(context, folder, { 'page.js': 'story/page.mjs' })
  writePage(folder, '/page.js')
  const scripts = `script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'; trusted-types 'none'`
  const policy = `default-src 'none'; ${scripts}; connect-src 'self' ${context.url}`
  return inEveryBrowser(context, { folder, headers: { 'content-security-policy': policy } })
}
