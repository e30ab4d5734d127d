// @ts-check
import { builtBy, pageWith } from '../support/built.mjs'

export const name = 'vite'
export const what = 'Vite'
export const group = 'bundlers'
export const { version, run } = builtBy({
  name,
  package: 'vite',
  files: { 'index.html': pageWith('/story/page.mjs') },
  build: (program) => program('vite/bin/vite.js', 'build'),
})
