// @ts-check
// node scripts/size-parts.mjs BUNDLE: what a bundle of size-budgets.mjs would be smaller by without each of its parts, gzip. Parts
// share what compresses well, so that their sum is less than the whole.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, transform } from 'esbuild'
import { entryOf } from './size-entry.mjs'
import { BUNDLES } from './size-budgets.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const wanted = process.argv[2]
const bundle = BUNDLES.find(({ name }) => name === wanted)
if (bundle === undefined) {
  console.error(`no bundle is called "${wanted ?? ''}", expected ${BUNDLES.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
// With its white space, since the names of files are comments.
const { outputFiles } = await build({
  ...entryOf(manifest, bundle),
  minifyIdentifiers: true,
  minifySyntax: true,
})
const modules = (outputFiles[0]?.text ?? '').split(/^(?=\/\/ (?:dist|node_modules)\/)/m)
const whole = await gzipped(modules)
/** @type {Map<string, string[]>} */
const parts = new Map()
for (const text of modules) {
  const part = partOf(/^\/\/ (\S+)/.exec(text)?.[1] ?? 'exports')
  parts.set(part, [...(parts.get(part) ?? []), text])
}
const rows = []
for (const [part, texts] of parts) {
  rows.push({ part, saved: whole - (await gzipped(modules.filter((text) => !texts.includes(text)))), texts })
}
rows.sort((a, b) => b.saved - a.saved)
console.log(`${bundle.name}: ${whole} bytes gzip, of which`)
for (const { part, saved, texts } of rows) console.log(`${String(saved).padStart(7)}  ${part}, ${texts.length} files`)

/** The folder of a file, and of the wide ones the folder in it; of what is not ours, the file. @param {string} path */
function partOf(path) {
  if (path.startsWith('node_modules/')) return path.replace('node_modules/', '')
  const folders = path.split('/').slice(1, -1)
  const depth = ['client', 'protocol', 'backup'].includes(folders[0] ?? '') ? 2 : 1
  return folders.slice(0, depth).join('/') || 'entries'
}

/** @param {readonly string[]} texts */
async function gzipped(texts) {
  // What is missing is not defined any more, which is no error of syntax; what it exports is.
  const text = texts.join('').replace(/^export \{[^}]*\};?$/gm, '')
  const { code } = await transform(text, { minifyWhitespace: true, format: 'esm', target: 'es2022' })
  return gzipSync(code).length
}
