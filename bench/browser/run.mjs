// @ts-check
// npm run bench:browsers [-- chromium …] [--docs]: the same page in every browser that is here, one after the other.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { availableEngines } from '../../scripts/test-engines.mjs'
import { writeBrowserDocs } from '../support/docs.mjs'
import { describeMachine, machine } from '../support/machine.mjs'
import { duration, spread, table } from '../support/statistics.mjs'
import { OPEN } from './browsers.mjs'
import { bundlePage } from './bundle.mjs'

/** @typedef {import('./page.mjs').Report} Report */

const TIMEOUT_MS = 180_000
const { values, positionals } = parseArgs({
  options: { docs: { type: 'boolean', default: false } },
  allowPositionals: true,
})

const about = describeMachine(machine())
console.log(`${about}\n`)
const { engines, leftOut } = availableEngines(['chromium', 'firefox', 'webkit'])
for (const { engine, reason } of leftOut) console.log(`left out: ${engine}, ${reason}`)
const script = await bundlePage()
/** @type {Map<string, Report>} */
const reports = new Map()
for (const engine of engines) {
  if (engine === 'node' || (positionals.length > 0 && !positionals.includes(engine))) continue
  const report = await measure(OPEN[engine])
  reports.set(engine, report)
  console.log(`${engine}: ${report.userAgent}\n\n${report.text}\n`)
}
const text = sideBySide(reports)
console.log(text)
writeFileSync(
  new URL('../results-browsers.json', import.meta.url),
  `${JSON.stringify({ about, reports: Object.fromEntries(reports) }, null, 2)}\n`,
)
if (values.docs) writeBrowserDocs(about, text)

/** @param {(url: string) => Promise<() => Promise<void>>} open @returns {Promise<Report>} */
async function measure(open) {
  /** @type {(report: Report) => void} */
  let resolve = () => {}
  /** @type {(error: Error) => void} */
  let reject = () => {}
  const reported = new Promise((...settle) => ([resolve, reject] = settle))
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      const body = /** @type {any} */ (await json(request))
      response.end()
      if (request.url === '/report') resolve(body)
      else reject(new Error(`the page failed: ${body.stack ?? body.message}`))
      return
    }
    const isScript = request.url === '/bench.js'
    // Alone in its process a page gets a finer clock.
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : readFileSync(new URL('index.html', import.meta.url)))
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const timer = setTimeout(() => reject(new Error('the page did not report')), TIMEOUT_MS)
  const close = await open(`http://localhost:${port}/`)
  try {
    return await reported
  } finally {
    clearTimeout(timer)
    await close()
    server.close()
    server.closeAllConnections()
  }
}

/** This package in every browser, and how many times as long the best of the others takes. @param {Map<string, Report>} reports */
function sideBySide(reports) {
  const [first] = reports.values()
  if (first === undefined) return 'no browser'
  const all = [...reports.values()]
  const primitives = first.primitives.map(({ key, title }) => [
    title,
    ...all.flatMap((report) => {
      const standings = report.primitives.find((match) => match.key === key)?.standings ?? []
      const others = standings.filter(({ by }) => !by.startsWith('reshare'))
      const best = Math.min(...others.map(({ ratio }) => ratio.median))
      return [duration(standings[0]?.time.median ?? NaN), `${best.toFixed(1)}×`]
    }),
  ])
  const protocols = first.protocols.map(({ name }) => [
    name,
    ...all.flatMap((report) => {
      const row = report.protocols.find((one) => one.name === name)
      return [row === undefined ? '' : `${spread(row.time)} ms`, '']
    }),
  ])
  const header = ['reshare, and its best rival', ...[...reports.keys()].flatMap((engine) => [engine, ''])]
  return table([header, ...primitives, ...protocols])
}
