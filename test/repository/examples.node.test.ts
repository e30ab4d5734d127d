import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

interface Manifest {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const folder = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string) => readFileSync(folder(path), 'utf8')
const manifest = (path: string) => JSON.parse(read(path)) as Manifest
const LINES_MAX = 150

const examples = readdirSync(folder('examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
const sourcesOf = (name: string) =>
  readdirSync(folder(`examples/${name}`), { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(ts|tsx|mjs)$/.test(path) && !/node_modules|dist\/|\.next|generated/.test(path),
  )

describe.each(examples)('the example %s', (name) => {
  test('is in the list, and says what it is', () => {
    expect(read('examples/README.md')).toContain(`](${name}/)`)
    expect(existsSync(folder(`examples/${name}/README.md`))).toBe(true)
  })

  test('has the versions that it is run with', () => {
    const { dependencies, devDependencies } = manifest(`examples/${name}/package.json`)
    const { version } = manifest('package.json')
    const installed = {
      ...manifest('test/hosts/package.json').dependencies,
      reshare: version,
      'reshare-server': version,
    }
    expect(installed).toMatchObject({ ...dependencies, ...devDependencies })
  })

  test(`has files of ${LINES_MAX} lines or less`, () => {
    const sources = sourcesOf(name)
    expect(sources).not.toEqual([])
    const long = sources.filter((path) => read(`examples/${name}/${path}`).trimEnd().split('\n').length > LINES_MAX)
    expect(long).toEqual([])
  })
})
