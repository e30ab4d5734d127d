// @ts-check
// node bench/portable/main.mjs PROJECT: the arithmetic of reshare/portable and of @noble/curves in engines without
// WebAssembly. PROJECT is the folder that `npm run test:hosts -- hermes --project PROJECT` has made.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext } from '../../test/hosts/support/context.mjs'
import { runInHermes } from '../../test/hosts/support/hermes.mjs'

const [given] = process.argv.slice(2)
if (given === undefined) {
  console.error('node bench/portable/main.mjs PROJECT')
  process.exit(1)
}
const context = createContext(resolve(given), '')
process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
const program = resolve('bench/portable/program.mjs')
const bundled = resolve('build/portable-bench.mjs')
await context.run(process.execPath, [
  ...[context.bin('esbuild/bin/esbuild'), program, '--bundle', '--format=esm', `--outfile=${bundled}`],
])
const bun = context.bin('@oven/bun-linux-x64/bin/bun')
const printed = {
  'Hermes 0.12': await runInHermes(context, context.folder('bench-portable'), program),
  'Node --jitless': await context.run(process.execPath, ['--jitless', bundled]),
  'Bun without JIT': await context.run(bun, [bundled], { env: { BUN_JSC_useJIT: '0' } }),
  Node: await context.run(process.execPath, [bundled]),
}

const engines = Object.entries(printed).map(([name, line]) => ({ name, times: JSON.parse(line) }))
const cell = (/** @type {number} */ time) =>
  time < 1000 ? `${time.toPrecision(3)} µs` : `${(time / 1000).toPrecision(3)} ms`
console.log(['microseconds, milliseconds'.padEnd(42), ...engines.map(({ name }) => name.padStart(16))].join(''))
for (const row of Object.keys(engines[0]?.times ?? {})) {
  console.log([row.padEnd(42), ...engines.map(({ times }) => cell(times[row]).padStart(16))].join(''))
}
