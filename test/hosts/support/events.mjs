// @ts-check
// Cells of events: a signing server and the receiver of its events, in one runtime.
import { clientOf } from './clients.mjs'

/** @typedef {import('./context.mjs').Context} Context */

/** What is sent for a new wallet that signs, in this order. */
const EVENTS = ['set.created', 'set.proven']

/**
 * @param {string} path of the runtime, in node_modules
 * @param {readonly string[]} parameters with the file
 * @param {(output: string) => string} [versionIn] reads the version in what `--version` prints
 */
export function eventsOf(path, parameters, versionIn) {
  return {
    version: clientOf(path, [], versionIn).version,
    /** @param {Context} context */
    async run({ bin, project, run }) {
      const output = await run(bin(path), parameters, { cwd: project })
      const { types, attempts, failures, outbox } = JSON.parse(output)
      const [first, ...others] = attempts
      const isAsExpected =
        `${types}` === `${EVENTS}` &&
        attempts.length === EVENTS.length + 2 &&
        others.slice(0, 2).every((/** @type {{ id: string }} */ { id }) => id === first.id) &&
        attempts.every((/** @type {{ pathname: string }} */ { pathname }) => pathname === '/events') &&
        failures.length === 1 &&
        outbox.pending === 0 &&
        outbox.dead === 0
      if (!isAsExpected) throw new Error(`other events than expected: ${output}`)
      return `${types.join(', ')}, each verified by standardwebhooks; the first again after a redirect, which is not followed, and a 500`
    },
  }
}
