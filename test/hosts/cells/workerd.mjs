// @ts-check
import { bundle } from '../support/bundle.mjs'
import { ran } from '../support/context.mjs'
import { blockOf } from '../support/docs-block.mjs'
import { withWorker, workerdVersion } from '../support/workerd.mjs'

/** @typedef {import('../support/context.mjs').Context} Context */

export const name = 'workerd'
export const what = 'workerd (Cloudflare Workers), with `reshare/module`'
export const group = 'runtimes'
export const version = workerdVersion

/** @param {Context} context */
export async function run(context) {
  const main = `import './module.js'\nexport { default } from './story/worker.mjs'\n`
  const folder = context.folder(name, { 'module.js': blockOf(name), 'main.js': main })
  await bundle(context, folder, { 'worker.js': 'main.js' }, ['--external:reshare/core.wasm'])
  const body = JSON.stringify({ url: context.url, token: await context.token() })
  return withWorker(context, { folder, script: 'worker.js' }, async (url) => {
    const response = await fetch(url, { method: 'POST', body })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return ran(JSON.parse(text))
  })
}
