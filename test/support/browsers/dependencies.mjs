// @ts-check
// The packages that tests import in a browser. Plain JavaScript, as the test runner's configuration reads it.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** What the test runner itself serves. @param {string} path */
const isOfRunner = (path) => path === 'vitest' || path.startsWith('vitest/')

/**
 * What these files import of packages, themselves and through what they import. A package that Vite finds only while the tests
 * run makes it reload the page under them, and the file that runs fails.
 *
 * @param {readonly string[]} files paths from the root of the repository
 * @returns {Promise<string[]>} specifiers as the files name them
 */
export async function packagesOf(files) {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL('../../..', import.meta.url)),
    entryPoints: [...files],
    bundle: true,
    format: 'esm',
    packages: 'external',
    write: false,
    metafile: true,
    outdir: 'build',
    logLevel: 'silent',
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)
  const packages = imports.filter(({ external }) => external).map(({ path }) => path)
  return [...new Set(packages)].filter((path) => !isOfRunner(path)).sort()
}
