// @ts-check
import { withoutCompiler } from '../support/sessions.mjs'

export const name = 'no-jit-node'
export const what = 'Node without its compiler and WebAssembly (`--jitless`)'
export const group = 'runtimes'
export const { version, run } = withoutCompiler('node-22/bin/node', { parameters: ['--jitless'] })
