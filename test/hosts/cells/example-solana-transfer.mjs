// @ts-check
import { versionOf } from '../support/built.mjs'
import { found, runScript } from '../support/examples.mjs'

export const name = 'example-solana-transfer'
export const what = 'examples/solana-transfer, @solana/kit and litesvm'
export const group = 'examples'
export const version = versionOf('@solana/kit')

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  // The chain verifies the signature, and takes 5,000 lamports for it.
  const output = await runScript(context, 'solana-transfer')
  found(output, /^sent (\w+)\nthe recipient has 500000000 lamports, the wallet 1499995000\n$/m)
  return 'generate, send 0.5 SOL (ed25519)'
}
