// @ts-check
// Parcel 2 reads the exports of packages only where the app's package.json says so.
import { builtBy, pageWith } from '../support/built.mjs'

const FILES = { 'index.html': pageWith('story/page.mjs'), 'package-lock.json': {} }
const EXPORTS = { '@parcel/resolver-default': { packageExports: true } }
const BUILD = ['build', 'index.html', '--no-cache', '--no-source-maps']
const manifest = { name: 'parcel', private: true, type: 'module' }

const withExports = builtBy({
  name: 'parcel',
  package: 'parcel',
  files: { ...FILES, 'package.json': { ...manifest, ...EXPORTS } },
  build: (program) => program('parcel/lib/bin.js', ...BUILD),
})

export const name = 'parcel'
export const what = 'Parcel, with `packageExports`'
export const group = 'bundlers'
export const { version } = withExports

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const folder = context.folder('parcel-default', { ...FILES, 'package.json': manifest })
  const program = context.bin('parcel/lib/bin.js')
  const failure = await context.run(process.execPath, [program, ...BUILD], { cwd: folder }).then(
    () => 'it builds: docs/runtimes.md says otherwise',
    (/** @type {Error} */ error) => error.message,
  )
  // Which of the page's imports Parcel names differs from run to run: it resolves them at once.
  if (!/Failed to resolve 'reshare['/]/u.test(failure)) throw new Error(`without packageExports: ${failure}`)
  return withExports.run(context)
}
