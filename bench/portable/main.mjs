// @ts-check
// node bench/portable/main.mjs PROJECT [password]: the arithmetic of reshare/portable and of @noble/curves, or sealing by a
// password, in engines without WebAssembly. PROJECT is the folder that `npm run test:hosts -- hermes --project PROJECT` made.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext } from '../../test/hosts/support/context.mjs'
import { runInHermes } from '../../test/hosts/support/hermes.mjs'

const [given, part = 'arithmetic'] = process.argv.slice(2)
if (given === undefined || !['arithmetic', 'password'].includes(part)) {
  console.error('node bench/portable/main.mjs PROJECT [password]')
  process.exit(1)
}
const context = createContext(resolve(given), '')
process.chdir(fileURLToPath(new URL('../..', import.meta.url)))

const program = resolve(`bench/portable/${part}.mjs`)
const bundled = resolve('build/portable-bench.mjs')
const esbuild = context.bin('esbuild/bin/esbuild')
await context.run(process.execPath, [esbuild, program, '--bundle', '--format=esm', `--outfile=${bundled}`])
const bun = context.bin('@oven/bun-linux-x64/bin/bun')
const printed = {
  // Its shell has no random numbers, which sealing needs.
  ...(part === 'arithmetic' && {
    'Hermes 0.12': await runInHermes(context, context.folder('bench-portable'), program),
  }),
  'Node --jitless': await context.run(process.execPath, ['--jitless', bundled]),
  'Bun without JIT': await context.run(bun, [bundled], { env: { BUN_JSC_useJIT: '0' } }),
  ...(part === 'arithmetic' && { Node: await context.run(process.execPath, [bundled]) }),
}

const engines = Object.entries(printed).map(([name, line]) => ({ name, times: JSON.parse(line) }))
const units = /** @type {const} */ ([
  [1e6, 's'],
  [1e3, 'ms'],
  [0, 'µs'],
])
const cell = (/** @type {number} */ time) => {
  const [from, unit] = units.find(([least]) => time >= least) ?? units[2]
  return `${(time / (from || 1)).toPrecision(3)} ${unit}`
}
console.log(' '.repeat(42) + engines.map(({ name }) => name.padStart(16)).join(''))
for (const row of Object.keys(engines[0]?.times ?? {})) {
  console.log(row.padEnd(42) + engines.map(({ times }) => cell(times[row]).padStart(16)).join(''))
}
