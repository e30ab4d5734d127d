// @ts-check
import { serverOf } from '../support/servers.mjs'

export const name = 'server-deno'
export const what = 'Deno (`Deno.serve`)'
export const group = 'servers'
export const { version, run } = serverOf(
  '@deno/linux-x64-glibc/deno',
  ['run', '--no-remote', '--allow-net', '--allow-read', '--allow-env', 'story/serve-deno.mjs'],
  (output) => output.split(' ')[1] ?? '',
)
