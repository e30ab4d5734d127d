// @ts-check
// node bench/processors.mjs: how many cycles a product of either field takes on processors that are not at hand, by the models
// of llvm-mca, of the machine code that V8 makes of core.wasm, and beside the same of libsodium and libsecp256k1. A model
// knows units and latencies, but neither caches nor branches. It wants the Debian packages llvm, libsodium-dev,
// libsecp256k1-dev and pkg-config, and a processor of the x86-64 kind.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { table } from './support/statistics.mjs'

const PROCESSORS = { 'Zen 3': 'znver3', 'Skylake-SP': 'skylake-avx512', 'Ice Lake-SP': 'icelake-server' }
const ROUNDS = 50

/** By the names of the functions in the module, which of them make how many products at once. */
const OURS = /** @type {const} */ ([
  ['ed25519, one product', 'assembly/field/ed25519.gen/multiplySingle', 1],
  ['ed25519, a product of two', 'assembly/field/ed25519.gen/multiplyPair', 2],
  ['secp256k1, one product', 'assembly/field/secp256k1.gen/multiplySingle', 1],
  ['secp256k1, a product of two', 'assembly/field/secp256k1.gen/multiplyPair', 2],
])
const THEIRS = /** @type {const} */ ([
  ['ed25519, libsodium (C)', 'libsodium', 'fe25519_mul'],
  ['secp256k1, libsecp256k1 (C)', 'libsecp256k1', 'secp256k1_fe_mul_inner'],
])

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const compiled = functionsOf(await namedModule('build/bench/core-named.wasm'))
const rows = [
  ...OURS.map(([title, name, products]) => rowOf(title, assemblyOf(compiled.get(name) ?? []), products)),
  ...THEIRS.map(([title, library, symbol]) => rowOf(title, disassembled(library, symbol), 1)),
]
const header = Object.keys(PROCESSORS).flatMap((name) => [`${name}, cycles`, 'busiest unit'])
console.log(table([['', 'instructions', ...header], ...rows]))

/** Compiles the module with the names of its functions. @param {string} path */
async function namedModule(path) {
  mkdirSync('build/bench', { recursive: true })
  const options = ['--config', 'asconfig.json', '--target', 'release', '--debug', '--outFile', path]
  const { error } = await asc.main(['assembly/index.ts', ...options])
  if (error) throw error
  return path
}

/** The machine code of each function, an instruction in hex each, up to where it returns. @param {string} path */
function functionsOf(path) {
  const compile = `new WebAssembly.Module(require('node:fs').readFileSync(${JSON.stringify(path)}))`
  const flags = ['--no-liftoff', '--no-wasm-tier-up', '--no-wasm-lazy-compilation', '--print-wasm-code']
  const functions = /** @type {Map<string, string[]>} */ (new Map())
  let instructions = /** @type {string[]} */ ([])
  for (const line of run(process.execPath, [...flags, '-e', compile]).split('\n')) {
    const name = /^name: (.*)/.exec(line)?.[1]
    if (name !== undefined) functions.set(name, (instructions = []))
    const [, hex, text] = /^0x[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +(.*)/.exec(line) ?? []
    if (text?.startsWith('ret')) instructions = []
    else if (hex !== undefined && !/^(?:j|call)/.test(text ?? '')) instructions.push(hex)
  }
  return functions
}

/** @param {readonly string[]} instructions in hex */
function assemblyOf(instructions) {
  const bytes = instructions.map((hex) => hex.replaceAll(/../g, '0x$& ')).join('\n')
  return linesOf(run('llvm-mc', ['--disassemble', '-triple=x86_64'], bytes))
}

/** @param {string} library as pkg-config knows it @param {string} symbol */
function disassembled(library, symbol) {
  const folder = run('pkg-config', ['--variable=libdir', library]).trim()
  const flags = ['-d', '--no-show-raw-insn', '--no-leading-addr', `--disassemble-symbols=${symbol}`]
  const text = run('llvm-objdump', [...flags, join(folder, `${library}.a`)])
  return linesOf(text.slice(text.indexOf(`<${symbol}>:`) + symbol.length + 3).split(/\tretq?/)[0] ?? '')
}

/** Instructions without what enters and leaves a function: these are tried one after the other. @param {string} text */
function linesOf(text) {
  const lines = text.split('\n').map((line) => line.replace(/[#<].*/, '').trim())
  return lines.filter((line) => /^[a-z]/.test(line) && !/^(?:push|pop|j|call|leave)/.test(line))
}

/** @param {string} title @param {readonly string[]} assembly @param {number} products */
function rowOf(title, assembly, products) {
  if (assembly.length === 0) throw new Error(`no code for ${title}`)
  const cells = Object.values(PROCESSORS).flatMap((processor) => {
    const { cycles, busiest } = modelled(assembly, processor)
    return [(cycles / products).toFixed(0), busiest]
  })
  return [title, String(assembly.length), ...cells]
}

/** Cycles a round, and the unit that most of them need. @param {readonly string[]} assembly @param {string} processor */
function modelled(assembly, processor) {
  const flags = ['-mtriple=x86_64', `-mcpu=${processor}`, `-iterations=${ROUNDS}`, '--instruction-info=false']
  const printed = run('llvm-mca', flags, `${assembly.join('\n')}\n`)
  const cycles = Number(/Total Cycles: +(\d+)/.exec(printed)?.[1]) / ROUNDS
  const units = [...printed.matchAll(/^\[[\d.]+\] +- (\S+)$/gm)].map(([, unit]) => unit)
  const pressures =
    /Resource pressure per iteration:\n.*\n(.*)/.exec(printed)?.[1]?.trim().split(/ +/).map(Number) ?? []
  const most = Math.max(...pressures.filter((pressure) => !Number.isNaN(pressure)))
  return { cycles, busiest: `${units[pressures.indexOf(most)]} ${most.toFixed(0)}` }
}

/** @param {string} program @param {readonly string[]} args @param {string} [input] */
function run(program, args, input = '') {
  const { error, status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (error !== undefined || status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`)
  return stdout
}
