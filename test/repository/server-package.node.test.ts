import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Manifest {
  readonly version: string
  readonly license: string
  readonly repository: { readonly url: string }
  readonly engines: unknown
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
}

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const read = <T = Manifest>(path: string) => JSON.parse(text(path)) as T

const reshare = read('package.json')
const server = read('server/package.json')

test('both packages have one version, and reshare-server depends on exactly that', () => {
  expect(server.version).toBe(reshare.version)
  expect(server.dependencies['reshare']).toBe(reshare.version)
  const { packages } = read<{ packages: Record<string, Manifest> }>('package-lock.json')
  expect(packages['']?.version).toBe(reshare.version)
  expect(packages['server']?.version).toBe(reshare.version)
  expect(packages['server']?.dependencies).toEqual(server.dependencies)
})

test('reshare-server brings what the server needs, in the ranges of reshare', () => {
  const { reshare: _, '@hono/node-server': listens, ...peers } = server.dependencies
  expect(peers).toEqual({
    '@electric-sql/pglite': reshare.peerDependencies['@electric-sql/pglite'],
    hono: reshare.peerDependencies['hono'],
    pg: reshare.peerDependencies['pg'],
    valibot: reshare.peerDependencies['valibot'],
  })
  expect(listens).toBe(`^${reshare.devDependencies['@hono/node-server']}`)
})

test('the rest of what they say of themselves is the same', () => {
  expect([server.license, server.engines, server.repository.url]).toEqual([
    reshare.license,
    reshare.engines,
    reshare.repository.url,
  ])
  expect(text('server/LICENSE')).toBe(text('LICENSE'))
})

test('only reshare-server has a program', () => {
  expect(reshare.bin).toBeUndefined()
  expect(server.bin).toEqual({ 'reshare-server': 'bin.js' })
  expect(text('server/bin.js')).toMatch(/^#!\/usr\/bin\/env node\n/)
})
