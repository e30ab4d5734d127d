// @ts-check
// The pool of threads in bundles: of webpack and Rspack, which see that worker.js is a program; and of esbuild, with
// worker.js as its second entry and without it.
import { quietly, versionOf } from '../support/built.mjs'

const PROGRAM = `import { createPool } from 'reshare/workers'

const pool = createPool({ size: 1 })
const secret = Uint8Array.of(...new Uint8Array(31), 5)
const ids = [1, 2, 3]
try {
  const job = { curve: 'secp256k1', ids, threshold: 2 }
  const { shares } = await pool.split({ ...job, secret })
  const same = await pool.recombine({ ...job, ids: [1, 2], shares: shares.slice(0, 64) })
  console.log(JSON.stringify({ same: same.join() === secret.join() }))
} catch ({ code, cause }) {
  console.log(JSON.stringify({ code, cause: cause?.message }))
} finally {
  await pool.close()
}
`

const BUILD = `import { rspack } from '@rspack/core'
import webpack from 'webpack'
import { resolve } from 'node:path'

const shared = { mode: 'production', target: 'node20', entry: './app.mjs' }
const build = (bundler, name, options) => {
  const output = { path: resolve(name), filename: 'app.cjs' }
  bundler({ ...shared, ...options, output }, (error, stats) => {
    if (error) throw error
    if (stats.hasErrors() || stats.hasWarnings()) console.log(stats.toString({ all: false, errors: true, warnings: true }))
  })
}
build(rspack, 'rspack', {})
build(webpack, 'webpack', { module: { parser: { javascript: { worker: ['Worker from node:worker_threads', '...'] } } } })
`

const OPTIONS = ['--bundle', '--platform=node', '--format=esm', '--entry-names=[name]']

export const name = 'workers-bundled'
export const what = '`reshare/workers` bundled by esbuild, webpack and Rspack'
export const group = 'servers'
export const version = versionOf('esbuild')

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const folder = context.folder(name, { 'app.mjs': PROGRAM, 'build.mjs': BUILD })
  const program = quietly(context, folder)
  const worker = context.bin('reshare/dist/workers/worker.js')
  const esbuild = (/** @type {string} */ outdir, /** @type {string[]} */ ...entries) =>
    program('esbuild/bin/esbuild', 'app.mjs', ...entries, ...OPTIONS, `--outdir=${outdir}`)
  await Promise.all([program('./build.mjs'), esbuild('dist', worker), esbuild('alone')])
  const result = async (/** @type {string} */ path) =>
    JSON.parse(await context.run(process.execPath, [path], { cwd: folder }))
  for (const path of ['dist/app.js', 'webpack/app.cjs', 'rspack/app.cjs']) {
    const { same, code, cause } = await result(path)
    if (same !== true) throw new Error(`${path}: ${code}, ${cause}`)
  }
  const { code, cause } = await result('alone/app.js')
  if (code !== 'WORKER_FAILED' || !/worker\.js/.test(cause)) throw new Error(`without worker.js: ${code}, ${cause}`)
  return 'split and recombine on a thread; without `worker.js` beside it, `WORKER_FAILED` with its cause'
}
