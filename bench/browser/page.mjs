// @ts-check
// What a browser runs: primitives against the libraries that work there, and the protocols. Shown on the page and sent to
// the server that it came from.
import * as primitives from '../groups/primitives.mjs'
import { openers } from '../groups/protocols.mjs'
import * as noble from '../libraries/noble.mjs'
import * as reshare from '../libraries/reshare.mjs'
import { duel } from '../support/duel.mjs'
import { createInputs } from '../support/inputs.mjs'
import { interleave, loop } from '../support/interleave.mjs'
import { spread, summary, table } from '../support/statistics.mjs'

/**
 * @typedef {object} Report
 * @property {string} userAgent
 * @property {import('../support/match.mjs').Match[]} primitives
 * @property {{ name: string, time: import('../support/statistics.mjs').Summary }[]} protocols milliseconds of both parties
 * @property {string} text the tables
 */

/** Longer turns than in Node: some browsers' clocks tick in milliseconds. */
const PACE = { rounds: 15, unrecorded: 4, turn: 10, warmUp: 80 }

/** @param {readonly import('../support/match.mjs').Library[]} others */
export async function run(others) {
  const out = /** @type {HTMLElement} */ (globalThis.document.querySelector('#out'))
  try {
    const report = await measure(others)
    out.textContent = report.text
    await post('report', report)
  } catch (error) {
    out.textContent = String(error)
    await post('failure', { message: String(error), stack: /** @type {Error} */ (error).stack })
  }
}

/** @param {readonly import('../support/match.mjs').Library[]} others @returns {Promise<Report>} */
async function measure(others) {
  const context = { libraries: [reshare, noble, ...others], inputs: createInputs(), pace: PACE, protocolRuns: 0 }
  const matches = await primitives.run(context)
  const protocols = await measureProtocols()
  const rows = protocols.map(({ name, time }) => [name, spread(time)])
  const text = `${primitives.print(matches)}\n\n${table([['protocol', 'both ms'], ...rows])}`
  return { userAgent: globalThis.navigator.userAgent, primitives: matches, protocols, text }
}

/** Whole runs only: the steps of one party are shorter than a tick of some clocks. */
async function measureProtocols() {
  const protocols = openers()
  const contestants = protocols.map(({ name, open }) => ({ by: name, turn: loop(() => duel(open())) }))
  const samples = await interleave(contestants, PACE)
  return protocols.map(({ name }, i) => ({ name, time: summary((samples[i] ?? []).map((time) => time / 1e6)) }))
}

/** @param {string} path @param {unknown} body */
async function post(path, body) {
  await fetch(path, { method: 'POST', body: JSON.stringify(body) })
}
