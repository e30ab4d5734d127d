// @ts-check
// What threshold ECDSA hashes with: SHA-256 of four messages at once, and hashing to the curve.
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'
import { BLOCKS, MESSAGE } from '../support/inputs.mjs'
import { panelsOf, play, printMatches } from '../support/match.mjs'

export const title = 'Hashing'
export const caption = 'time over that of reshare'

const OPERATIONS = [
  { key: 'sha256.message', title: 'SHA-256, a block' },
  { key: 'secp256k1.hashToCurve', title: 'hash to secp256k1 (RFC 9380)' },
]

/** @param {import('../support/context.mjs').Context} context */
export async function run({ libraries, inputs, pace }) {
  const [first, ...others] = libraries
  if (first === undefined) throw new RangeError('no libraries')
  const lanes = await compileLanes()
  const hashing = {
    name: first.name,
    operations: async (/** @type {import('../support/inputs.mjs').Inputs} */ all) => ({
      ...(await first.operations(all)),
      'sha256.message': { note: 'four lanes', elements: BLOCKS, run: lanes, differs: true },
    }),
  }
  /** @type {import('../support/match.mjs').Library} */
  const openssl = {
    name: 'node:crypto (OpenSSL)',
    operations: async () => ({
      'sha256.message': {
        elements: BLOCKS,
        run: () => Uint8Array.from(createHash('sha256').update(MESSAGE).digest()),
      },
    }),
  }
  return await play(OPERATIONS, [hashing, ...others, openssl], inputs, pace)
}

export { panelsOf as panels, printMatches as print }

/** The module does not export its compression function; here it is compiled alone, with the options of the module. */
const ENTRY = `
import { BLOCK_BYTES, compress, startStates, STATES_BYTES } from '../../assembly/ot/sha256'
const STATES = memory.data(128, 16)
const BLOCKS = memory.data(${MESSAGE.length}, 16)
export function blocks(): usize { return BLOCKS }
export function hashQuarters(): u32 {
  startStates(STATES)
  const quarter: usize = ${MESSAGE.length / 4}
  for (let at: usize = 0; at < quarter; at += BLOCK_BYTES) compress(STATES, STATES, BLOCKS + at, quarter)
  return load<u32>(STATES)
}
`

/** Hashes the four quarters of the message side by side. @returns {Promise<() => number>} */
export async function compileLanes() {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  mkdirSync(`${root}build/bench`, { recursive: true })
  writeFileSync(`${root}build/bench/sha256.ts`, ENTRY)
  const options = ['--config', 'asconfig.json', '--target', 'release', '--outFile', 'build/bench/sha256.wasm']
  const { error, stderr } = await asc.main(['build/bench/sha256.ts', '--baseDir', root, ...options])
  if (error) throw new Error(stderr.toString())
  const { instance } = await WebAssembly.instantiate(readFileSync(`${root}build/bench/sha256.wasm`))
  const { blocks, hashQuarters, memory } = /** @type {any} */ (instance.exports)
  new Uint8Array(memory.buffer).set(MESSAGE, blocks())
  return hashQuarters
}
