// @ts-check
// npm run load [-- options, --help]: many clients against several server processes on one PostgreSQL, with faults if
// asked for. Ends with 1 if a wallet is lost, or anything fails in a way that no code of the package's says.
import { describeMachine, machine } from '../bench/support/machine.mjs'
import { writeLoadDocs } from '../bench/support/docs.mjs'
import { drawOutages } from './ha/report.mjs'
import { judge } from './judge.mjs'
import { readOptions } from './options.mjs'
import { print } from './report.mjs'
import { run } from './run.mjs'

const options = readOptions()
const about = machine()
const result = await run(options, (line) => console.error(line))
const failed = judge(result)
const text = print(result, failed)
if (options.json) console.log(JSON.stringify({ machine: about, ...result, failed }, null, 2))
else console.log(`\n${describeMachine(about)}\n\n${text}`)
if (options.docs && result.ha !== undefined) drawOutages(result.ha.outages)
if (options.docs) writeLoadDocs({ about: describeMachine(about), text, kind: kindOf(options) })
process.exitCode = failed.length === 0 ? 0 : 1

/** @param {import('./options.mjs').Options} options @returns {'' | '--faults' | '--ha'} */
function kindOf({ faults, ha }) {
  if (ha) return '--ha'
  return faults ? '--faults' : ''
}
