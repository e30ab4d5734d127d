import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import config from '../../.dependency-cruiser.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(`${root}docs/architecture.md`, 'utf8')

const base = 'errors, types, util, symmetric'
const SHORT = new Map([
  ['base', base],
  ['core', `${base}, wasm, curve, secret-sharing, key-share`],
])

test('the rooms of docs/architecture.md are those of .dependency-cruiser.mjs, with what each may import', () => {
  const [, table] = page.split('| room | what it is for | may import |') as [string, string]
  const rows = table.split('\n\n')[0]!.split('\n').slice(2)
  const documented = rows.map((row) => {
    const [, room, , allowed] = row.replaceAll('\\|', '\0').split('|')
    const names = allowed!
      .trim()
      .split(', ')
      .map((name) => SHORT.get(name) ?? name.replaceAll('`', '').replaceAll('\0', '|'))
    return `${room!.trim().replaceAll('`', '')} may import ${names.join(', ')}`
  })
  const rules = config.forbidden ?? []
  const layers = rules.filter(({ name }) => name?.startsWith('layer-')).map(({ comment }) => comment)
  expect(layers.length).toBeGreaterThan(15)
  expect(documented.sort()).toEqual(layers.sort())
})

test.each(['client', 'server', 'protocol'])('every folder of src/%s is in it', (family) => {
  const folders = readdirSync(`${root}src/${family}`, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => `src/${family}/${name}`).filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test('every file that it names is there, those of its pictures too', () => {
  const files = ['src', 'assembly']
    .flatMap((folder) =>
      readdirSync(`${root}${folder}`, { recursive: true }).map((name) => `${folder}/${String(name)}`),
    )
    .filter((path) => path.endsWith('.ts'))
  const named = page.match(/[\w./-]+[.]ts\b/g) ?? []
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter((name) => !files.some((path) => `/${path}`.endsWith(`/${name}`)))).toEqual([])
})
