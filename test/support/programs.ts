import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A folder for what tests build, by a name of their own: below node_modules, so that the packages it imports are found. */
export const programFolder = (name: string): string =>
  join(root, 'node_modules/.cache/reshare-test', `${name}-${process.pid}`)

/** Puts PGlite as programs of tests have it in the place of its own. */
const fromCopies: Plugin = {
  name: 'databases from copies',
  setup({ onResolve }) {
    const own = { path: '@electric-sql/pglite', external: true }
    onResolve({ filter: /^@electric-sql\/pglite$/ }, () => ({ path: join(root, 'test/support/pglite-in-programs.ts') }))
    onResolve({ filter: /\/@electric-sql\/pglite\/dist\/index[.]js$/ }, () => own)
  },
}

/** `server/bin.js` runs the sources, and not the package by its name. */
const programFromSource: Plugin = {
  name: 'the program from its source',
  setup({ onResolve }) {
    onResolve({ filter: /^reshare\/server\/program$/ }, () => ({ path: join(root, 'src/server/program.ts') }))
  },
}

/**
 * Builds programs of Node from sources. Their new databases are copies of an empty one, which takes a quarter of the time.
 *
 * @param options.ownDatabases leaves the making of databases to PGlite
 */
export async function buildPrograms({
  ownDatabases = false,
  plugins = [],
  ...options
}: BuildOptions & { readonly ownDatabases?: boolean }): Promise<void> {
  await build({
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
    plugins: [programFromSource, ...(ownDatabases ? [] : [fromCopies]), ...plugins],
    ...options,
  })
}
