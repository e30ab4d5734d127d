// @ts-check
import { found, runScript } from '../support/examples.mjs'

export const name = 'example-node-script'
export const what = 'examples/node-script, Node'
export const group = 'examples'
export const version = () => process.version

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  // The program verifies both signatures by `node:crypto`.
  const output = await runScript(context, name.replace('example-', ''))
  found(output, /^recovered it on a second device\nsigned: ([0-9a-f]{128})\nsigned: [0-9a-f]{128}\n$/m)
  return 'generate, backup, recover, sign on both devices (ed25519)'
}
