// @ts-check
// Cells of servers in a runtime, each with a client in this process's Node.
import { clientOf } from './clients.mjs'
import { ran } from './context.mjs'

/** @typedef {import('./context.mjs').Context} Context */

/**
 * A server with a custodian, in a runtime that runs a file.
 *
 * @param {string} path of the runtime, in node_modules
 * @param {readonly string[]} parameters with the file, which prints `{ url }`
 * @param {(output: string) => string} [versionIn] reads the version in what `--version` prints
 */
export function serverOf(path, parameters, versionIn) {
  return {
    version: clientOf(path, [], versionIn).version,
    /** @param {Context} context */
    async run({ bin, project, run, start, token }) {
      const { ready, output, stop } = await start(bin(path), parameters, { cwd: project })
      try {
        const client = ['story/program.mjs', ready.url, await token(ready.url)]
        return ran(JSON.parse(await run(process.execPath, client, { cwd: project })))
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}\nthe server said: ${output()}`, {
          cause: error,
        })
      } finally {
        await stop()
      }
    },
  }
}
