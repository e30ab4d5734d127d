import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { GROUPS } from './groups.mjs'

process.env['RESHARE_ENGINES'] = 'node'
const { default: main } = await import('../../vitest.config.ts')
const node = main.test?.projects?.[0]
if (typeof node !== 'object' || !('test' in node)) throw new Error('the first project of vitest.config.ts is not Node')

const group = GROUPS[process.env['RESHARE_MUTATION_GROUP'] ?? '']
if (group === undefined) throw new Error('RESHARE_MUTATION_GROUP names no group')
const include = group.tests.filter((pattern) => !pattern.startsWith('!'))
const exclude = group.tests.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))

/** A running PostgreSQL opens an empty database in milliseconds, PGlite in seconds. */
const database = process.env['RESHARE_MUTATION_POSTGRES_URL']
  ? [
      {
        find: /^.*\/database\/pglite\.ts$/,
        replacement: fileURLToPath(new URL('postgres-for-pglite.ts', import.meta.url)),
      },
    ]
  : []
const backends = group.oneBackend
  ? [
      { find: /^.*\/support\/groups\.ts$/, replacement: fileURLToPath(new URL('wasm-groups.ts', import.meta.url)) },
      { find: /^\.\/backends\.ts$/, replacement: fileURLToPath(new URL('wasm-backends.ts', import.meta.url)) },
    ]
  : []
const { alias } = node.resolve as { alias: { find: RegExp; replacement: string }[] }

/** The first failure ends a run: files that the group names in their order, then what is short. */
class SharpFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const named = ({ moduleId }: TestSpecification) => include.findIndex((path) => moduleId.endsWith(`/${path}`))
    const bytes = new Map(files.map((file) => [file, statSync(file.moduleId).size]))
    return Promise.resolve(
      files.toSorted((a, b) => named(a) - named(b) || (bytes.get(a) as number) - (bytes.get(b) as number)),
    )
  }
}

export default defineConfig({
  resolve: { alias: [...database, ...backends, ...alias] },
  test: {
    ...node.test,
    include,
    exclude,
    // One worker for the files of a mutant, and a new one for the next mutant.
    isolate: false,
    // Mutants of a server leave requests without an answer.
    teardownTimeout: 1_000,
    // Some mutants wait for ever; without them, no test of a server takes a tenth of this on a busy machine.
    testTimeout: 40_000,
    sequence: { sequencer: SharpFirst },
  },
})
