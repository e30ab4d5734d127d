// @ts-check
// Scripts of pages and workers: one file each, by esbuild of the project, without an option that a reader would have to know.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {import('./context.mjs').Context} Context */

/**
 * Bundles scripts of a folder, each beside itself as `NAME.js`.
 *
 * @param {Context} context
 * @param {string} folder
 * @param {Readonly<Record<string, string>>} scripts path of the source by that of the bundle
 * @param {readonly string[]} [more] options
 */
export async function bundle({ bin, run }, folder, scripts, more = []) {
  const esbuild = bin('esbuild/bin/esbuild')
  for (const [name, source] of Object.entries(scripts)) {
    const options = ['--bundle', '--format=esm', '--target=es2022', `--outfile=${name}`, '--log-level=warning', ...more]
    await run(process.execPath, [esbuild, source, ...options], { cwd: folder })
  }
}

/** A page that runs a module. @param {string} folder @param {string} script */
export function writePage(folder, script) {
  const html = `<!doctype html><meta charset="utf-8"><title>hosts</title><script type="module" src="${script}"></script>\n`
  writeFileSync(join(folder, 'index.html'), html)
}
