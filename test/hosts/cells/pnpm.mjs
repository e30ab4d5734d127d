// @ts-check
// Outside of the project, so that a package finds only what it has declared: pnpm links nothing else.
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { versionOf } from '../support/built.mjs'
import { ran } from '../support/context.mjs'

const INSTALL = [
  'install',
  '--config.node-linker=isolated',
  '--config.hoist=false',
  '--prefer-offline',
  '--ignore-scripts',
]

export const name = 'pnpm'
export const what = 'pnpm, without hoisting; Node'
export const group = 'frameworks'
export const version = versionOf('pnpm')

/** @param {import('../support/context.mjs').Context} context */
export async function run({ project, bin, run, url, token }) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reshare-pnpm-')))
  try {
    const tarball = readdirSync(project).find((file) => /^reshare-\d.*\.tgz$/.test(file))
    const curves = versionOf('@noble/curves')({ bin })
    const dependencies = { reshare: `file:${join(project, `${tarball}`)}`, '@noble/curves': curves }
    const manifest = { name, private: true, type: 'module', dependencies }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    cpSync(join(project, 'story'), join(folder, 'story'), { recursive: true })
    const store = `--store-dir=${join(folder, 'store')}`
    await run(process.execPath, [bin('pnpm/bin/pnpm.cjs'), ...INSTALL, store], { cwd: folder })
    const output = await run(process.execPath, ['story/program.mjs', url, await token()], { cwd: folder })
    return ran(JSON.parse(output))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
