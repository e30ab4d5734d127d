import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './blocks.ts'

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>
  readonly scripts: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
}

export const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest

/** The names by which the package is imported, each with its source; no other is known, as for a user. */
export const SOURCES: ReadonlyMap<string, string> = new Map(
  Object.entries(manifest.exports).flatMap(([entry, target]) => {
    if (typeof target === 'string') return []
    const source = target.types.replace(/^[.]\/dist\/(.+)[.]d[.]ts$/, 'src/$1.ts')
    return [[manifest.name + entry.slice(1), join(ROOT, source)]]
  }),
)
