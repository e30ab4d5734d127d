// @ts-check
import { clientOf } from '../support/clients.mjs'
import { ran } from '../support/context.mjs'

/** @typedef {import('../support/context.mjs').Context} Context */

export const name = 'server-node'
export const what = 'the program `reshare-server`, in Node 26'
export const group = 'servers'

const PROGRAM = 'node-26/bin/node'
export const { version } = clientOf(PROGRAM)

/** @param {Context} context */
export async function run({ bin, folder, project, run: runProgram, start }) {
  const [node, main] = [bin(PROGRAM), bin('reshare-server/bin.js')]
  const options = { cwd: folder(name), env: { PORT: '0' } }
  const token = (await runProgram(node, [main, 'token', 'alice'], options)).trim()
  const { ready, stop } = await start(node, [main, '--dev-custodian'], options)
  try {
    return ran(
      JSON.parse(await runProgram(process.execPath, ['story/program.mjs', ready.url, token], { cwd: project })),
    )
  } finally {
    await stop()
  }
}
