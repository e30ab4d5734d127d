// @ts-check
// Cells of bundlers: the app as each of them builds it, in a page of Chromium.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ran } from './context.mjs'

/** @typedef {import('./context.mjs').Context} Context */

/**
 * A build of the app.
 *
 * @typedef {object} Build
 * @property {string} name of the folder
 * @property {string} package whose version is the cell's
 * @property {Readonly<Record<string, string | object>>} [files] beside the app's
 * @property {(program: (path: string, ...parameters: string[]) => Promise<void>, folder: string) => Promise<void>} build
 *   writes the folder dist; `program` runs one of node_modules, whose output may not name the package
 */

/** Some take long where all cores are busy. */
const OPTIONS = { all: true, timeoutMs: 600_000, env: { NEXT_TELEMETRY_DISABLED: '1' } }

/** @param {string} script */
export const pageWith = (script) =>
  `<!doctype html><meta charset="utf-8"><title>hosts</title><div id="root"></div><script type="module" src="${script}"></script>\n`

/** The version of a package of the project. @param {string} name */
export function versionOf(name) {
  return (/** @type {Pick<Context, 'bin'>} */ { bin }) =>
    JSON.parse(readFileSync(bin(`${name}/package.json`), 'utf8')).version
}

/** A cell that builds the app and runs it. @param {Build} options */
export function builtBy({ name, package: tool, files, build }) {
  return {
    version: versionOf(tool),
    /** @param {Context} context */
    async run(context) {
      const folder = context.folder(name, files)
      await build(quietly(context, folder), folder)
      return runBuilt(context, join(folder, 'dist'))
    },
  }
}

/**
 * Runs programs of node_modules in a folder.
 *
 * @param {Context} context
 * @param {string} folder
 * @returns {(path: string, ...parameters: string[]) => Promise<void>}
 */
export function quietly({ bin, run }, folder) {
  return async (path, ...parameters) => {
    const program = path.startsWith('./') ? path : bin(path)
    assertQuiet(await run(process.execPath, [program, ...parameters], { ...OPTIONS, cwd: folder }))
  }
}

/** @param {string} output of a program @throws {Error} if it names a file or an entry of the package */
function assertQuiet(output) {
  if (/node_modules\/reshare\/|reshare\/dist|['"`]reshare['"`/]/.test(output)) {
    throw new Error(`the build says something about the package:\n${output}`)
  }
}

/**
 * Runs what was built in Chromium, whose console may say nothing.
 *
 * @param {Context} context
 * @param {string} folder
 */
async function runBuilt(context, folder) {
  const { result, messages } = await context.page('chromium', { folder })
  if (messages.length > 0) throw new Error(messages.join('\n'))
  return ran(result, sizeOf(folder))
}

/** The scripts of a folder, as they cross the network. @param {string} folder */
export function sizeOf(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.m?js$/.test(name))
  const bytes = names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0)
  return `in ${(bytes / 1000).toFixed(0)} KB of gzip`
}
