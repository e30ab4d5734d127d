// @ts-check
// The C programs of native/: compiled where a compiler and the libraries' development packages are, and asked by lines.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { BLOCKS } from './inputs.mjs'

/** @typedef {import('./match.mjs').Library & { close: () => void }} NativeLibrary */

/**
 * @typedef {object} Program
 * @property {string} name what its rows are called
 * @property {string} source
 * @property {string} library as pkg-config knows it
 * @property {string} debian the package that has it
 * @property {'secp256k1' | 'ed25519'} curve
 * @property {'bip340' | 'eddsa'} signatures
 * @property {Readonly<Record<string, Partial<import('./match.mjs').Way>>>} operations with what is special about each
 */

/** @type {readonly Program[]} */
const PROGRAMS = [
  {
    name: 'libsecp256k1 (C)',
    source: 'secp256k1.c',
    library: 'libsecp256k1',
    debian: 'libsecp256k1-dev',
    curve: 'secp256k1',
    signatures: 'bip340',
    operations: {
      'secp256k1.base': {},
      'secp256k1.multiply': {},
      'secp256k1.scalarMultiply': {},
      'bip340.verify': {},
    },
  },
  {
    name: 'libsodium (C)',
    source: 'libsodium.c',
    library: 'libsodium',
    debian: 'libsodium-dev',
    curve: 'ed25519',
    signatures: 'eddsa',
    operations: {
      'ed25519.base': {},
      'ed25519.multiply': {},
      'ed25519.scalarMultiply': {},
      'ed25519.scalarInvert': {},
      'ed25519.verify': {},
      'sha256.message': { elements: BLOCKS },
    },
  },
]

const folder = fileURLToPath(new URL('../native/', import.meta.url))
const build = fileURLToPath(new URL('../../build/bench/', import.meta.url))

/** @returns {{ libraries: NativeLibrary[], leftOut: string[] }} */
export function nativeLibraries() {
  const leftOut = /** @type {string[]} */ ([])
  const libraries = PROGRAMS.flatMap((program) => {
    const executable = compile(program)
    if (executable !== undefined) return [library(program, executable)]
    leftOut.push(`${program.name}: needs cc, pkg-config and ${program.debian} (Debian)`)
    return []
  })
  return { libraries, leftOut }
}

/** @param {Program} program @returns {string | undefined} the executable, if it could be made */
function compile({ source, library }) {
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', library], { encoding: 'utf8' })
  if (flags.status !== 0) return undefined
  mkdirSync(build, { recursive: true })
  const executable = build + library
  const libraries = flags.stdout.split(/\s+/).filter(Boolean)
  const { status } = spawnSync('cc', ['-O2', '-o', executable, folder + source, ...libraries], { stdio: 'inherit' })
  return status === 0 ? executable : undefined
}

/** @param {Program} program @param {string} executable @returns {NativeLibrary} */
function library({ name, curve, signatures, operations }, executable) {
  const child = spawn(executable, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (/** @type {string} */ line) => {
    child.stdin.write(`${line}\n`)
    const { value, done } = await lines.next()
    if (done) throw new Error(`${name} ended at: ${line}`)
    return String(value)
  }
  const isLoaded = new WeakSet()
  return {
    name,
    close: () => child.stdin.end(),
    operations: async (inputs) => {
      if (!isLoaded.has(inputs))
        for (const line of inputLines(inputs[curve], inputs[signatures])) child.stdin.write(line)
      isLoaded.add(inputs)
      return Object.fromEntries(
        Object.entries(operations).map(([key, way]) => [
          key,
          {
            ...way,
            show: async () => shown(await ask(`show ${key}`)),
            turn: async (/** @type {number} */ count) => Number(await ask(`time ${key} ${count}`)),
          },
        ]),
      )
    },
  }
}

/** @param {import('./inputs.mjs').CurveInputs} curve @param {import('./inputs.mjs').Signatures} signed */
function inputLines({ scalars, others, points }, { publicKeys: keys, messages, signatures }) {
  const lists = { scalars, others, points, keys, messages, signatures }
  return Object.entries(lists).flatMap(([list, values]) =>
    values.map((value) => `input ${list} ${Buffer.from(value).toString('hex')}\n`),
  )
}

/** A result as bytes; what only verifies answers a single 1. @param {string} hex */
function shown(hex) {
  return hex === '01' ? true : Uint8Array.from(Buffer.from(hex, 'hex'))
}
