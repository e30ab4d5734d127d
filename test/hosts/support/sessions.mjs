// @ts-check
// Cells that play the sessions of both parties without WebAssembly: story/print-sessions.mjs.

/** @typedef {import('./context.mjs').Context} Context */

const TIMEOUT_MS = 180_000

/** @param {string} printed what story/print-sessions.mjs printed */
export function computed(printed) {
  const ms = Object.entries(/** @type {Record<string, number>} */ (JSON.parse(printed)))
  return `the device computes ${ms.map(([step, time]) => `${step} ${time} ms`).join(', ')}`
}

/**
 * A runtime whose compiler is off, and with it WebAssembly: as in Lockdown Mode.
 *
 * @param {string} path of the runtime, in node_modules
 * @param {{ parameters?: readonly string[], env?: Record<string, string> }} how it is switched off
 */
export function withoutCompiler(path, { parameters = [], env = {} }) {
  return {
    /** @param {Context} context */
    version: async ({ bin, run }) => (await run(bin(path), ['--version'])).trim(),
    /** @param {Context} context */
    async run({ bin, run, project }) {
      const options = { cwd: project, env, timeoutMs: TIMEOUT_MS }
      return computed(await run(bin(path), [...parameters, 'story/print-sessions.mjs'], options))
    },
  }
}
