// @ts-check
// An operation that several libraries do, checked to give the same result everywhere before it is measured.
import { compare, interleave, loop } from './interleave.mjs'
import { duration, spread, table } from './statistics.mjs'

/**
 * @typedef {import('./interleave.mjs').Standing} Standing
 * @typedef {import('./interleave.mjs').Pace} Pace
 * @typedef {import('./inputs.mjs').Inputs} Inputs
 * @typedef {import('./chart.mjs').Panel} Panel
 */

/**
 * How a library does an operation.
 *
 * @typedef {object} Way
 * @property {(i: number) => unknown} [run] on the i-th input; a batch gives an array
 * @property {(count: number) => Promise<number>} [turn] in place of `run`, where it is done elsewhere
 * @property {() => Promise<unknown>} [show] the result of the first input, where `run` cannot be asked
 * @property {string} [note] what is different about it, such as that it works in variable time
 * @property {number} [elements] how many results each time has
 * @property {boolean} [differs] whether its result is another one by nature
 */

/** @typedef {{ name: string, operations: (inputs: Inputs) => Promise<Record<string, Way | readonly Way[]>> }} Library */

/**
 * @typedef {object} Operation
 * @property {string} key
 * @property {string} title
 */

/** @typedef {{ key: string, title: string, standings: Standing[] }} Match */

/**
 * Measures operations one after the other, each of them interleaved among the libraries that have it.
 *
 * @param {readonly Operation[]} operations
 * @param {readonly Library[]} libraries the first is what the others are compared with
 * @param {Inputs} inputs
 * @param {Pace} pace
 * @returns {Promise<Match[]>}
 */
export async function play(operations, libraries, inputs, pace) {
  const ways = await Promise.all(
    libraries.map(async ({ name, operations }) => ({ name, ways: await operations(inputs) })),
  )
  const matches = []
  for (const { key, title } of operations) {
    const entries = ways.flatMap(({ name, ways }) =>
      [ways[key] ?? []].flat().map((way) => ({ by: way.note === undefined ? name : `${name}, ${way.note}`, way })),
    )
    await assertAgreement(title, entries)
    const contestants = entries.map(({ by, way: { run, turn, elements } }) => ({
      by,
      turn: turn ?? loop(/** @type {(i: number) => unknown} */ (run)),
      ...(elements !== undefined && { elements }),
    }))
    matches.push({ key, title, standings: compare(contestants, await interleave(contestants, pace)) })
  }
  return matches
}

/** @param {string} title @param {readonly { by: string, way: Way }[]} entries */
async function assertAgreement(title, entries) {
  let expected
  for (const { by, way } of entries) {
    if (way.differs) continue
    const result = way.show === undefined ? await way.run?.(0) : await way.show()
    const shown = text(Array.isArray(result) && way.elements !== undefined ? result[0] : result)
    expected ??= shown
    if (shown !== expected) throw new Error(`${title}: ${by} gives ${shown}, not ${expected}`)
  }
}

/** @param {unknown} result */
function text(result) {
  if (!(result instanceof Uint8Array)) return String(result)
  return Array.from(result, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** @param {readonly Match[]} matches */
export function printMatches(matches) {
  const header = ['operation', 'by', '× reshare', 'time']
  const cells = matches.flatMap(({ title, standings }) =>
    standings.map(({ by, time, ratio }, i) => [
      i === 0 ? title : '',
      by,
      i === 0 ? '1' : spread(ratio),
      duration(time.median),
    ]),
  )
  return table([header, ...cells])
}

/** @param {readonly Match[]} matches @returns {Panel[]} */
export function panelsOf(matches) {
  return matches.map(({ title, standings }) => ({
    title,
    bars: standings.map(({ by, time, ratio }, i) => ({
      label: by,
      value: ratio.median,
      low: i === 0 ? time.low / time.median : ratio.low,
      high: i === 0 ? time.high / time.median : ratio.high,
      text: `${i === 0 ? '' : `${ratio.median.toFixed(2)}× · `}${duration(time.median)}`,
      ours: by.startsWith('reshare'),
    })),
  }))
}
