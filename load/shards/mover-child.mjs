// @ts-check
// `reshare-server`, as a process that can be killed.
import { runProgram } from 'reshare/server/program'

await runProgram(process.argv.slice(2), () => {
  throw new Error('this process moves clients')
})
