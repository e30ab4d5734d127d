// @ts-check
import { tierOf } from '../test/support/tiers.mjs'

/**
 * What the arguments of scripts/test.mjs say.
 *
 * @param {readonly string[]} args
 * @returns {{ tier: import('../test/support/tiers.mjs').Tier, yes: boolean, rest: string[] }} `rest` is for vitest
 */
export function parseTestArguments(args) {
  const at = args.indexOf('--tier')
  const others = at === -1 ? args : args.toSpliced(at, 2)
  // A file that is named runs, also one that `usual` leaves out.
  const namesFiles = others.some((arg) => arg.startsWith('test/'))
  const tier = at === -1 ? (namesFiles ? 'all' : 'usual') : tierOf(args[at + 1] ?? '')
  return { tier, yes: others.includes('--yes'), rest: others.filter((arg) => arg !== '--yes') }
}
