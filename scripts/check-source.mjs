// @ts-check
// What no file of the repository may say: where it was written, where packages came from, that something is unfinished.
import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

/** Folders of this machine, where the path says more than `/src` or `/root` does. */
const FOLDERS = [process.cwd(), homedir()].filter((path) => path.split('/').length > 2)

/** @param {string} path */
const underPath = (path) => new RegExp(`(?<![\\w.@-])${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w.-])`)

/** The patterns are written so that they do not match themselves. @type {readonly { why: string, pattern: RegExp, files?: RegExp }[]} */
const RULES = [
  ...FOLDERS.map((path) => ({ why: 'a path of this machine', pattern: underPath(path) })),
  { why: "a path of somebody's machine", pattern: /(?<![\w.@-])\/(?:home|Users|work|root)\/\w/ },
  { why: 'a registry host', pattern: /registry[.]npm|npm[m]irror|deb[.]debian[.]org/ },
  { why: 'where a package was downloaded', pattern: /"resol[v]ed": "http/ },
  {
    why: 'unfinished work',
    pattern: /\b(?:TO[D]O|FIX[M]E|X[X]X|not implement[e]d|place[h]older)\b/i,
    files: /^(src|assembly|test|bench|demo)\//,
  },
]

const BINARY = /[.](wasm|png|ico|age|tsbuildinfo)$/
const NOT_SOURCE = new Set([
  '.git',
  'node_modules',
  'dist',
  'build',
  'coverage',
  'reports',
  '.stryker-tmp',
  'test-results',
])

/** @param {string} folder @returns {string[]} */
function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_SOURCE.has(entry.name)) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourcesIn(path)
    return entry.isFile() && !BINARY.test(path) ? [path] : []
  })
}

const files = sourcesIn('.')
let found = 0
for (const path of files) {
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    for (const { why, pattern, files: where } of RULES) {
      if (!pattern.test(line) || (where !== undefined && !where.test(path))) continue
      console.error(`${path}:${index + 1}: ${why}: ${line.trim().slice(0, 120)}`)
      found++
    }
  }
}
console.log(`${files.length} files read, ${found} findings`)
process.exitCode = found === 0 ? 0 : 1
