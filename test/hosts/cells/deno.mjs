// @ts-check
import { clientOf } from '../support/clients.mjs'

export const name = 'deno'
export const what = 'Deno, from `node_modules`'
export const group = 'runtimes'
const parameters = ['run', '--no-remote', '--allow-net', '--allow-read', '--allow-env']
export const { version, run } = clientOf(
  '@deno/linux-x64-glibc/deno',
  parameters,
  (output) => output.split(' ')[1] ?? '',
)
