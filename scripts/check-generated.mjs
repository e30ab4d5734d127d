// @ts-check
// Generated sources are what their generators write today.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runGenerators, writeArgon2Source } from './compile-wasm.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const committed = generatedSources()
const generators = [...runGenerators(), 'write-openapi.mjs']
const { status } = spawnSync(process.execPath, ['scripts/write-openapi.mjs'], {
  stdio: ['ignore', 'ignore', 'inherit'],
})
if (status !== 0) throw new Error('write-openapi.mjs failed')
mkdirSync('build', { recursive: true })
await writeArgon2Source()
const written = generatedSources()

const stale = [...written.keys()].filter((path) => committed.get(path) !== written.get(path))
for (const path of stale) console.error(`${path} was not what its generator writes`)
console.log(`${generators.length + 1} generators, ${written.size} files, ${stale.length} stale`)
process.exitCode = stale.length === 0 ? 0 : 1

/** @returns {Map<string, string>} contents by path */
function generatedSources() {
  const paths = [
    ...['assembly', 'src'].flatMap((folder) => filesOf(folder, (name) => name.endsWith('.gen.ts'))),
    ...filesOf('docs/reference', (name) => /^openapi-.*[.]json$/.test(name)),
  ]
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]))
}

/** @param {string} folder @param {(name: string) => boolean} isWanted */
function filesOf(folder, isWanted) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter(isWanted).map((name) => join(folder, name))
}
