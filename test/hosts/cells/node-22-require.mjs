// @ts-check
import { ran } from '../support/context.mjs'

/** @typedef {import('../support/context.mjs').Context} Context */

export const name = 'node-22-require'
export const what = 'CommonJS with `require`, in Node 22'
export const group = 'runtimes'

const PROGRAM = 'node-22/bin/node'
const MAIN = `const client = require('reshare')
const { password } = require('reshare/backup')
const { memoryStore } = require('reshare/storage')
const { httpTransport } = require('reshare/transport')
const { ed25519 } = require('@noble/curves/ed25519.js')
const { secp256k1 } = require('@noble/curves/secp256k1.js')
const { story } = require('./story/story.mjs')

const [url, token] = process.argv.slice(2)
const modules = { ...client, password, memoryStore, httpTransport, ed25519, secp256k1 }
story(modules, { url, token }).then((result) => console.log(JSON.stringify(result)))
`

/** @param {Context} context */
export const version = async ({ bin, run }) => (await run(bin(PROGRAM), ['--version'])).trim().replace('v', '')

/** @param {Context} context */
export async function run({ bin, folder, run: runProgram, token, url }) {
  const cwd = folder(name, { 'package.json': { name, private: true, type: 'commonjs' }, 'main.js': MAIN })
  return ran(JSON.parse(await runProgram(bin(PROGRAM), ['main.js', url, await token()], { cwd })))
}
