// @ts-check
// Writes docs/reference/openapi-*.json from the schemas that validate requests: scripts/openapi.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { format, resolveConfig } from 'prettier'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const { status } = spawnSync(process.execPath, ['scripts/build.mjs', '--wasm', '--if-stale'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

const outfile = 'build/openapi.mjs'
await build({
  entryPoints: ['scripts/openapi/index.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  logLevel: 'warning',
})
/** @type {typeof import('./openapi/index.ts')} */
const { openapiDocuments } = await import(pathToFileURL(outfile).href)
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
for (const [path, document] of Object.entries(openapiDocuments(version))) {
  const options = { ...(await resolveConfig(path)), filepath: path }
  writeFileSync(path, await format(JSON.stringify(document), options))
  console.log(path)
}
