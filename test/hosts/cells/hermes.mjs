// @ts-check
import { hermesVersion, runInHermes } from '../support/hermes.mjs'
import { computed } from '../support/sessions.mjs'

export const name = 'hermes'
export const what = 'Hermes, its shell, without polyfills'
export const group = 'runtimes'
export const version = hermesVersion

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  return computed(await runInHermes(context, context.folder(name), 'story/print-sessions.mjs'))
}
