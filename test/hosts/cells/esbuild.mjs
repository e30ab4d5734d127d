// @ts-check
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { builtBy, pageWith } from '../support/built.mjs'

export const name = 'esbuild'
export const what = 'esbuild'
export const group = 'bundlers'
export const { version, run } = builtBy({
  name,
  package: 'esbuild',
  files: { 'index.html': pageWith('/page.js') },
  async build(program, folder) {
    await program('esbuild/bin/esbuild', 'story/page.mjs', '--bundle', '--minify', '--format=esm', '--outdir=dist')
    cpSync(join(folder, 'index.html'), join(folder, 'dist/index.html'))
  },
})
