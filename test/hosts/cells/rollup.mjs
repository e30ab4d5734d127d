// @ts-check
// Rollup finds packages by a plug-in only, whatever the package.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { builtBy, pageWith } from '../support/built.mjs'

export const name = 'rollup'
export const what = 'Rollup, unminified'
export const group = 'bundlers'
export const { version, run } = builtBy({
  name,
  package: 'rollup',
  files: { 'index.html': pageWith('/page.js') },
  async build(program, folder) {
    await program('rollup/dist/bin/rollup', 'story/page.mjs', '--dir=dist', '--plugin=node-resolve')
    cpSync(join(folder, 'index.html'), join(folder, 'dist/index.html'))
  },
})
