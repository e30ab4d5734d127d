// @ts-check
// npm run load [-- options, --help]: many clients against several server processes on one PostgreSQL, with faults if
// asked for. Ends with 1 if a wallet is lost, or anything fails in a way that no code of the package's says.
import { describeMachine, machine } from '../bench/support/machine.mjs'
import { writeGrowthDocs, writeLoadDocs } from '../bench/support/docs.mjs'
import { drawOutages } from './ha/report.mjs'
import { judge } from './judge.mjs'
import { readOptions } from './options.mjs'
import { print } from './report.mjs'
import { run } from './run.mjs'
import { judgeShards, printShards } from './shards/report.mjs'
import { runShards } from './shards/run.mjs'
import { drawSize, judgeSize, printForOperators, printSize } from './size/report.mjs'
import { runSize } from './size/run.mjs'
import { judgeUpgrade, printUpgrade } from './upgrade/report.mjs'
import { runUpgrade } from './upgrade/run.mjs'

const options = readOptions()
const about = machine()
if (options.upgrade) await upgrade()
else if (options.shards) await shards()
else if (options.sizes.length > 0) await size()
else await load()

async function upgrade() {
  const result = await runUpgrade(options, (line) => console.error(line))
  show(result, judgeUpgrade(result), printUpgrade, '--upgrade')
}

async function shards() {
  const result = await runShards(options, (line) => console.error(line))
  show(result, judgeShards(result), printShards, '--shards')
}

async function size() {
  const result = await runSize(options, (line) => console.error(line))
  show(result, judgeSize(result), printSize, '--size')
  if (options.docs) {
    drawSize(result.points)
    writeGrowthDocs(describeMachine(about), printForOperators(result))
  }
}

async function load() {
  const result = await run(options, (line) => console.error(line))
  show(result, judge(result), print, kindOf(options))
  if (options.docs && result.ha !== undefined) drawOutages(result.ha.outages)
}

/**
 * @template T
 * @param {T} result
 * @param {readonly string[]} failed
 * @param {(result: T, failed: readonly string[]) => string} format
 * @param {'' | '--faults' | '--ha' | '--upgrade' | '--shards' | '--size'} kind
 */
function show(result, failed, format, kind) {
  const text = format(result, failed)
  if (options.json) console.log(JSON.stringify({ machine: about, ...result, failed }, null, 2))
  else console.log(`\n${describeMachine(about)}\n\n${text}`)
  if (options.docs) writeLoadDocs({ about: describeMachine(about), text, kind })
  process.exitCode = failed.length === 0 ? 0 : 1
}

/** @param {import('./options.mjs').Options} options @returns {'' | '--faults' | '--ha'} */
function kindOf({ faults, ha }) {
  if (ha) return '--ha'
  return faults ? '--faults' : ''
}
