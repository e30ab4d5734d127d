// @ts-check
import { eventsOf } from '../support/events.mjs'

export const name = 'events-deno'
export const what = 'Deno'
export const group = 'events'
export const { version, run } = eventsOf(
  '@deno/linux-x64-glibc/deno',
  ['run', '--no-remote', '--allow-net', '--allow-read', '--allow-env', 'story/events-deno.mjs'],
  (output) => output.split(' ')[1] ?? '',
)
