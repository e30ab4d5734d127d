// @ts-check
// From the import to the first operation that a key is ready for, each time in a process of its own. The bundle is what
// an app ships, in one file; unbundled, Node opens every module by itself. The bare module, read from a file beforehand
// and only compiled and instantiated, is what every start takes at least.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { digits, spread, summary, table } from '../support/statistics.mjs'

export const title = 'Cold start'
export const caption = 'milliseconds from the import to the first operation done, in a new process'

const RUNS = 15
const BARE = 'the bare module'
const FROST_CLIENT = '{ createFrostClient, generateWallet, recoverWallet, sign }'
const PARTS = /** @type {const} */ (['import', 'module', 'first'])

const root = fileURLToPath(new URL('../../', import.meta.url))
const child = fileURLToPath(new URL('../support/cold-start-child.mjs', import.meta.url))

/** @typedef {import('../support/statistics.mjs').Summary} Summary */
/** @typedef {{ name: string, import: Summary, module: Summary, first: Summary, total: Summary, ratio: number }} Row milliseconds; how many times the bare module's */

/** @returns {Promise<Row[]>} */
export async function run() {
  const subjects = [
    { name: 'reshare/protocol, bundled', file: await bundle('*', './dist/protocol/index.js', 'protocol') },
    { name: 'the whole client, bundled', file: await bundle('*', './dist/index.js', 'client') },
    { name: 'a client of FROST alone, bundled', file: await bundle(FROST_CLIENT, './dist/index.js', 'frost-client') },
    { name: 'reshare/protocol, unbundled', file: `${root}dist/protocol/index.js` },
    { name: 'an empty file', file: emptyFile() },
    { name: BARE, file: `${root}build/core.wasm` },
  ]
  const samples = subjects.map(() => /** @type {Record<string, number>[]} */ ([]))
  for (let i = 0; i < RUNS; i++) {
    for (const [at, { file }] of subjects.entries()) samples[at]?.push(measure(file))
  }
  const timesOf = (/** @type {number} */ at, /** @type {string} */ part) =>
    (samples[at] ?? []).map((sample) => sample[part] ?? NaN)
  const bare = summary(timesOf(subjects.length - 1, 'total')).median
  return subjects.map(({ name }, at) => {
    const of = (/** @type {string} */ part) => summary(timesOf(at, part))
    const total = of('total')
    return { name, import: of('import'), module: of('module'), first: of('first'), total, ratio: total.median / bare }
  })
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  const header = ['cold start', 'total ms', '× bare', 'import', 'compile and instantiate', 'first key pair']
  return table([
    header,
    ...rows.map((row) => [
      row.name,
      spread(row.total),
      digits(row.ratio),
      ...PARTS.map((part) => digits(row[part].median)),
    ]),
  ])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  const bars = rows.map(({ name, total: { median, low, high } }) => {
    return { label: name, value: median, low, high, text: `${digits(median)} ms`, ours: true }
  })
  return [{ title: 'import to first operation', bars }]
}

/** What any import takes. @returns {string} the file */
function emptyFile() {
  const file = `${root}build/bench/empty.mjs`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '')
  return file
}

/** @param {string} names @param {string} entry @param {string} name @returns {Promise<string>} the file */
async function bundle(names, entry, name) {
  const outfile = `${root}build/bench/${name}.mjs`
  const contents = `export ${names} from '${entry}'\nexport { getGroup } from './dist/curve/index.js'`
  await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    outfile,
    logLevel: 'error',
  })
  return outfile
}

/** @param {string} file */
function measure(file) {
  const { stdout, status, stderr } = spawnSync(process.execPath, [child, file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return /** @type {Record<string, number>} */ (JSON.parse(stdout))
}
