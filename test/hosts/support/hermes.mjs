// @ts-check
// Programs for the shell of Hermes.
import { createRequire } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NotHere } from './not-here.mjs'

/** @typedef {Pick<import('./context.mjs').Context, 'bin' | 'run'>} Tools */

const TIMEOUT_MS = 180_000

/** The shell. @param {Tools} tools */
function shellOf({ bin }) {
  const isHere = process.platform === 'linux' && process.arch === 'x64'
  if (!isHere) throw new NotHere('the shell of Hermes is not published for this machine')
  return bin('hermes-engine-cli/linux64-bin/hermes')
}

/** @param {Tools} tools */
export async function hermesVersion(tools) {
  return /Hermes release version: (\S+)/.exec(await tools.run(shellOf(tools), ['--version']))?.[1] ?? ''
}

/**
 * Bundles a program, lowers it as Metro does, and runs it: Hermes 0.12 has no classes.
 *
 * @param {Tools} tools
 * @param {string} folder of a project that has the packages
 * @param {string} program path
 * @returns {Promise<string>} what it printed
 */
export async function runInHermes(tools, folder, program) {
  const { bin, run } = tools
  const [bundled, lowered] = [join(folder, 'bundled.js'), join(folder, 'lowered.js')]
  const options = ['--bundle', '--format=iife', '--target=esnext', '--conditions=react-native', `--outfile=${bundled}`]
  await run(process.execPath, [bin('esbuild/bin/esbuild'), program, ...options], { cwd: folder })
  writeFileSync(lowered, lower(folder, bundled))
  return run(shellOf(tools), ['-O', '-w', lowered], { cwd: folder, timeoutMs: TIMEOUT_MS })
}

/** @param {string} folder @param {string} bundled */
function lower(folder, bundled) {
  const requireThere = createRequire(join(folder, 'package.json'))
  const preset = requireThere.resolve('@react-native/babel-preset')
  const { code } = requireThere('@babel/core').transformSync(readFileSync(bundled, 'utf8'), {
    presets: [[preset, { enableBabelRuntime: false }]],
    filename: bundled,
    configFile: false,
    babelrc: false,
    compact: false,
    sourceType: 'script',
  })
  return code
}
