import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './blocks.ts'

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>
  readonly scripts: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
}

const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest

const server = read('server/package.json')

/** That of the package, with the program of the other one. */
export const manifest: Manifest = { ...read('package.json'), bin: server.bin }

/** What the documents say that an app installs. */
export const INSTALLED: ReadonlySet<string> = new Set([
  ...[manifest.name, ...Object.keys(manifest.peerDependencies)],
  ...Object.keys(server.dependencies),
])

/** The names by which the package is imported, each with its source; no other is known, as for a user. */
export const SOURCES: ReadonlyMap<string, string> = new Map(
  Object.entries(manifest.exports).flatMap(([entry, target]) => {
    // An import of the module as a file has types alone (types.ts).
    if (typeof target === 'string' || entry.endsWith('.wasm')) return []
    const source = target.types.replace(/^[.]\/dist\/(.+)[.]d[.]ts$/, 'src/$1.ts')
    return [[manifest.name + entry.slice(1), join(ROOT, source)]]
  }),
)
