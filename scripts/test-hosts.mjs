// @ts-check
// npm run test:hosts [-- NAME…] [--docs] [--project FOLDER]: the packages as they are published, in every host of
// test/hosts/cells, as many at once as there are cores. A name may be the beginning of several. --docs runs one after the other
// and writes the table of docs/runtimes.md; --project keeps the project that the packages are installed in, for the next run.
// It needs npm's registry, or a cache that has everything.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { createContext } from '../test/hosts/support/context.mjs'
import { keepOutcomes, outcomeOf, writeReport } from '../test/hosts/support/outcome.mjs'
import { start } from '../test/hosts/support/programs.mjs'
import { makeProject } from '../test/hosts/support/project.mjs'
import { writeTable } from '../test/hosts/support/table.mjs'

const CELLS = 'test/hosts/cells'

const { values, positionals } = parseArgs({
  options: { docs: { type: 'boolean', default: false }, project: { type: 'string' } },
  allowPositionals: true,
})
const kept = values.project === undefined ? undefined : resolve(values.project)
process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const names = readdirSync(CELLS).map((file) => file.replace('.mjs', ''))
const unknown = positionals.find((start) => !names.some((name) => name.startsWith(start)))
if (unknown !== undefined) {
  console.error(`no cell begins with "${unknown}", expected ${names.join(', ')}`)
  process.exit(1)
}
const wanted = names.filter((name) => positionals.length === 0 || positionals.some((start) => name.startsWith(start)))

const { status } = spawnSync(process.execPath, ['scripts/build.mjs', '--if-stale'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

const outcomes = await runCells().catch((/** @type {Error} */ error) => {
  console.error(error.message, error.cause ?? '')
  process.exit(1)
})
writeReport(outcomes)
const all = keepOutcomes(outcomes)
const unknownYet = names.filter((name) => all.every((outcome) => outcome.name !== name))
if (values.docs && unknownYet.length > 0) console.error(`no table: never run: ${unknownYet.join(', ')}`)
else if (values.docs) writeTable(all)
const count = (/** @type {string} */ state) => outcomes.filter((outcome) => outcome.state === state).length
console.log(`${count('ok')} passed, ${count('failed')} failed, ${count('skipped')} skipped`)
process.exitCode = count('failed') > 0 || (values.docs && unknownYet.length > 0) ? 1 : 0

async function runCells() {
  const started = Date.now()
  const project = await makeProject(kept)
  try {
    const server = await start(process.execPath, ['story/serve-node.mjs'], { cwd: project.folder })
    try {
      console.log(`installed, and a server started: ${((Date.now() - started) / 1000).toFixed(1)} s`)
      const context = createContext(project.folder, server.ready.url)
      const waiting = [...wanted]
      const takeWaiting = async () => {
        const ended = []
        for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
          ended.push(await runCell(name, context))
        }
        return ended
      }
      // The times of the table are of cells that run alone.
      const lanes = values.docs ? 1 : availableParallelism()
      return (await Promise.all(Array.from({ length: lanes }, takeWaiting))).flat()
    } finally {
      await server.stop()
    }
  } finally {
    project.remove()
  }
}

/** @param {string} name @param {import('../test/hosts/support/context.mjs').Context} context */
async function runCell(name, context) {
  /** @type {import('../test/hosts/support/context.mjs').Cell} */
  const cell = await import(pathToFileURL(resolve(CELLS, `${name}.mjs`)).href)
  const outcome = await outcomeOf(cell, context)
  const { version, state, said, seconds } = outcome
  console.log(`${name}, ${version}: ${state}, ${seconds.toFixed(1)} s: ${said}`)
  return outcome
}
