// @ts-check
// npm run load [-- options, --help]: many clients against several server processes on one PostgreSQL, with faults if
// asked for. Ends with 1 if a wallet is lost, or anything fails in a way that no code of the package's says.
import { describeMachine, machine } from '../bench/support/machine.mjs'
import { writeLoadDocs } from '../bench/support/docs.mjs'
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
if (options.docs) writeLoadDocs({ about: describeMachine(about), text, faults: options.faults })
process.exitCode = failed.length === 0 ? 0 : 1
