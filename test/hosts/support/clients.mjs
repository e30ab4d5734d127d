// @ts-check
// Cells of clients in a runtime: story/program.mjs, which prints what it did.
import { ran } from './context.mjs'

/** @typedef {import('./context.mjs').Context} Context */

/**
 * A client in a runtime that runs a file.
 *
 * @param {string} path of the runtime, in node_modules
 * @param {readonly string[]} [parameters] before the file
 * @param {(output: string) => string} [versionIn] reads the version in what `--version` prints
 */
export function clientOf(path, parameters = [], versionIn = (output) => output.replace('v', '')) {
  return {
    /** @param {Context} context */
    version: async ({ bin, run }) => versionIn((await run(bin(path), ['--version'])).trim()),
    /** @param {Context} context */
    async run({ bin, run, url, token, project }) {
      const file = [...parameters, 'story/program.mjs', url, await token()]
      return ran(JSON.parse(await run(bin(path), file, { cwd: project })))
    },
  }
}
