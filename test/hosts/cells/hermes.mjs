// @ts-check
import { createRequire } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {import('../support/context.mjs').Context} Context */

export const name = 'hermes'
export const what = 'Hermes, the shell: sessions of both parties, without polyfills'
export const group = 'runtimes'

const SHELL = 'hermes-engine-cli/linux64-bin/hermes'
const TIMEOUT_MS = 180_000

/** @param {Context} context */
export async function version({ bin, run }) {
  return /Hermes release version: (\S+)/.exec(await run(bin(SHELL), ['--version']))?.[1] ?? ''
}

/** @param {Context} context */
export async function run({ bin, run, folder: makeFolder }) {
  const folder = makeFolder(name)
  const bundled = join(folder, 'bundled.js')
  const options = ['--bundle', '--format=iife', '--target=esnext', '--conditions=react-native', `--outfile=${bundled}`]
  await run(process.execPath, [bin('esbuild/bin/esbuild'), 'story/hermes.mjs', ...options], { cwd: folder })
  writeFileSync(join(folder, 'lowered.js'), lowered(folder, readFileSync(bundled, 'utf8')))
  const printed = await run(bin(SHELL), ['-O', '-w', 'lowered.js'], { cwd: folder, timeoutMs: TIMEOUT_MS })
  const ms = Object.entries(/** @type {Record<string, number>} */ (JSON.parse(printed)))
  return `the device computes ${ms.map(([step, time]) => `${step} ${time} ms`).join(', ')}`
}

/** A script as Metro writes it: Hermes 0.12 has no classes. @param {string} folder @param {string} script */
function lowered(folder, script) {
  const require = createRequire(join(folder, 'package.json'))
  const preset = require.resolve('@react-native/babel-preset')
  const { code } = require('@babel/core').transformSync(script, {
    presets: [[preset, { enableBabelRuntime: false }]],
    filename: join(folder, 'bundled.js'),
    configFile: false,
    babelrc: false,
    compact: false,
    sourceType: 'script',
  })
  return code
}
