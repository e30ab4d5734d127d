// @ts-check
// What users download, as `npm run check -- size` measures it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { digits, table } from '../support/statistics.mjs'

export const title = 'Sizes'
export const caption = 'kilobytes (1000 bytes)'

/** @typedef {{ name: string, measure: string, kilobytes: number }} Row */

/** @returns {Row[]} */
export function run() {
  const script = fileURLToPath(new URL('../../scripts/size.mjs', import.meta.url))
  const { stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  return [...stdout.matchAll(/^(.+?) +(raw|brotli|gzip) +([\d.]+)/gm)].map(([, name = '', measure = '', size]) => {
    return { name, measure, kilobytes: Number(size) }
  })
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  return table([
    ['file or bundle', 'KB', ''],
    ...rows.map(({ name, measure, kilobytes }) => [name, kilobytes.toFixed(1), measure]),
  ])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  const bars = rows.map(({ name, measure, kilobytes: value }) => {
    return { label: `${name}, ${measure}`, value, low: value, high: value, text: `${digits(value)} KB`, ours: true }
  })
  return [{ title: 'files and bundles', bars }]
}
