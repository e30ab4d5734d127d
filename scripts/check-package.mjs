// @ts-check
// The packages as their users get them: publint's rules, and every entry point really loads in Node.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))

const problems = /** @type {string[]} */ ([])
for (const folder of ['.', 'server']) {
  const pkg = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { messages } = await publint({ pkgDir: join(root, folder), strict: true, pack: 'npm' })
  problems.push(...messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code))
}

// Node has no imports of wasm without a flag; scripts/check-module.mjs compares that file.
const entries = Object.keys(manifest.exports).filter((entry) => !/[.](json|wasm)$/.test(entry))
for (const entry of entries) {
  const name = manifest.name + entry.slice(1)
  try {
    const exported = Object.keys(await import(name))
    console.log(`${name}: ${exported.length} exports`)
  } catch (error) {
    problems.push(`${name} does not load: ${error}`)
  }
}

for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
