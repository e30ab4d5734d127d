// @ts-check
// What no tracked file may say: where it was written, where packages came from, that something is unfinished.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

/** @param {string} text */
const literal = (text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))

/** The patterns are written so that they do not match themselves. */
const RULES = [
  { why: 'a path of this machine', pattern: literal(process.cwd()) },
  { why: 'a path of this machine', pattern: literal(`${homedir()}/`) },
  { why: "a path of somebody's machine", pattern: /(?<![\w.@-])\/(?:home|Users|work|root)\/\w/ },
  { why: 'a registry host', pattern: /registry[.]npm|npm[m]irror|deb[.]debian[.]org/ },
  { why: 'where a package was downloaded', pattern: /"resol[v]ed": "http/ },
  {
    why: 'unfinished work',
    pattern: /\b(?:TO[D]O|FIX[M]E|X[X]X|not implement[e]d|place[h]older)\b/i,
    files: /^(src|assembly|test|bench|demo)\//,
  },
]

const BINARY = /[.](wasm|png|ico|age)$/
const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
})
const files = tracked.split('\0').filter((path) => path !== '' && !BINARY.test(path) && existsSync(path))

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
if (files.length === 0) throw new Error('no tracked file was found')
console.log(`${files.length} files read, ${found} findings`)
process.exitCode = found === 0 ? 0 : 1
