// @ts-check
import { withoutCompiler } from '../support/sessions.mjs'

export const name = 'no-jit-bun'
export const what =
  'Bun without its compiler and WebAssembly (`BUN_JSC_useJIT=0`), as JavaScriptCore is in Lockdown Mode'
export const group = 'runtimes'
export const { version, run } = withoutCompiler('@oven/bun-linux-x64/bin/bun', { env: { BUN_JSC_useJIT: '0' } })
