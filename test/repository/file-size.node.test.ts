import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const FOLDERS = ['.', 'assembly', 'bench', 'demo', 'docs', 'load', 'scripts', 'src', 'test']
const GENERATED = /\.gen\.ts$|^src\/wasm\/generated\.ts$/

/** Files that may be long, and why. */
const LONG: Readonly<Record<string, string>> = {
  'test/mutation/explained.mjs': 'a table, without code',
  'test/mutation/explained-protocol.mjs': 'a table, without code',
  'test/protocol/frost/vectors/wycheproof-ed25519.ts': 'published test vectors',
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|js)$/.test(name) && !/(^|\/)node_modules\//.test(name))
    .map((name) => (folder === '.' ? name : `${folder}/${name}`)),
).filter((path) => !GENERATED.test(path))

const isLong = (path: string) => readFileSync(join(root, path), 'utf8').split('\n').length - 1 > 300

test('no file is longer than 300 lines, but for those that say why', () => {
  expect(files.length).toBeGreaterThan(800)
  expect(files.filter((path) => isLong(path) && !(path in LONG))).toEqual([])
})
