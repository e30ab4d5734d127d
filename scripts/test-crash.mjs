// @ts-check
// The whole crash matrix: every operation with every fault at every point. `npm run test:crash`, or with the files of some
// of the faults: `npm run test:crash -- test/crash/network-fails`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const report = 'build/crash-matrix.jsonl'

mkdirSync('build', { recursive: true })
rmSync(report, { force: true })
process.env['RESHARE_CRASH_REPORT'] = report
process.env['RESHARE_ENGINES'] = 'node'
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['test/crash']
const { status } = spawnSync(process.execPath, ['scripts/test.mjs', ...wanted], { stdio: 'inherit' })
printTable()
process.exitCode = status ?? 1

/**
 * @typedef {object} Cell
 * @property {string} database
 * @property {string} flow
 * @property {string} fault
 * @property {number} points
 * @property {number} dataLoss
 */

function printTable() {
  const lines = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n') : []
  const cells = lines.map((line) => /** @type {Cell} */ (JSON.parse(line)))
  const faults = [...new Set(cells.map(({ fault }) => fault))].sort()
  const rows = [...new Set(cells.map(({ database, flow }) => `${database}: ${flow}`))].sort()
  const table = rows.map((row) => {
    const points = faults.map((fault) =>
      cells.find((cell) => `${cell.database}: ${cell.flow}` === row && cell.fault === fault),
    )
    return [row, ...points.map((cell) => (cell === undefined ? '' : `${cell.points}`))]
  })
  for (const line of [['points tried', ...faults], ...table]) console.log(`| ${line.join(' | ')} |`)
  const sum = (/** @type {'points' | 'dataLoss'} */ what) => cells.reduce((total, cell) => total + cell[what], 0)
  console.log(
    `${sum('points')} points, ${faults.length} kinds of fault, ${rows.length} operations; lost: ${sum('dataLoss')}`,
  )
}
