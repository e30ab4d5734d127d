// @ts-check
// Generated sources are what their generators write today.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runGenerators } from './compile-wasm.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const committed = generatedSources()
const generators = runGenerators()
const written = generatedSources()

const stale = [...written.keys()].filter((path) => committed.get(path) !== written.get(path))
for (const path of stale) console.error(`${path} was not what its generator writes`)
console.log(`${generators.length} generators, ${written.size} files, ${stale.length} stale`)
process.exitCode = stale.length === 0 ? 0 : 1

/** @returns {Map<string, string>} contents by path */
function generatedSources() {
  const names = readdirSync('assembly', { recursive: true, encoding: 'utf8' })
  const paths = names.filter((name) => name.endsWith('.gen.ts')).map((name) => join('assembly', name))
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]))
}
