// @ts-check
// Sizes against their budgets, and that no bundle has another family's code in it.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { BUNDLES } from './size-budgets.mjs'
import { entryOf } from './size-entry.mjs'
import { BUDGETS } from './size-limits.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const KB = 1000
const WASM_BUDGET = { raw: 90 * KB, brotli: 25 * KB }

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const problems = /** @type {string[]} */ ([])

const wasm = readFileSync('build/core.wasm')
const compressed = brotliCompressSync(wasm).length
report('core.wasm', 'raw', wasm.length, WASM_BUDGET.raw)
report('core.wasm', 'brotli', compressed, WASM_BUDGET.brotli)
for (const bundle of BUNDLES) await measure(bundle)

for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

/** @param {import('./size-budgets.mjs').Bundle} bundle */
async function measure(bundle) {
  const { name, without } = bundle
  const { outputFiles, metafile } = await build({ ...entryOf(manifest, bundle), minify: true, metafile: true })
  report(
    name,
    'gzip',
    outputFiles.reduce((sum, file) => sum + gzipSync(file.contents).length, 0),
    budgetOf(name),
  )
  // What was shaken off again has no bytes in the output.
  const contained = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((input) => inputs[input]?.bytesInOutput !== 0),
  )
  const strangers = contained.filter((input) => without.some((part) => input.includes(part)))
  for (const stranger of strangers) problems.push(`the ${name} bundle has ${stranger} in it`)
}

/** @param {string} name @returns {number} in bytes */
function budgetOf(name) {
  const budget = BUDGETS[name]
  if (budget === undefined) throw new RangeError(`the bundle ${name} has no budget`)
  return budget * KB
}

/** @param {string} name @param {string} measure @param {number} bytes @param {number} budget */
function report(name, measure, bytes, budget) {
  const amount = (/** @type {number} */ size) => (size / KB).toFixed(1)
  console.log(`${name.padEnd(23)} ${measure.padEnd(6)} ${amount(bytes).padStart(8)} of ${amount(budget)} KB`)
  if (bytes > budget) problems.push(`${name} is ${bytes} bytes (${measure}), above ${budget}`)
}
