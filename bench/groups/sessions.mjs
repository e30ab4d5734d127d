// @ts-check
// How the cost of a session depends on how many are open at once: all of them advance message by message, as on a server
// that many clients talk to. Flat is good.
import { systemRandom as random } from '../../dist/util/random.js'
import { keygen, keygenSessions, signingSessions } from '../support/parties.mjs'
import { digits, spread, summary, table } from '../support/statistics.mjs'

export const title = 'Concurrent sessions'
export const caption = 'milliseconds of a session of both parties, with so many others open'

const COUNTS = [1, 4, 16, 64, 256]
const ROUNDS = 7
const WARM_UP = 300

/** @typedef {import('../support/statistics.mjs').Summary} Summary */
/** @typedef {{ name: string, count: number, time: Summary, ratio: number }} Row milliseconds a session */

/** @returns {Row[]} */
export function run() {
  const shares = { ed25519: keygen('ed25519'), bip340: keygen('secp256k1') }
  const message = random(32)
  return [
    ...curve('key generation, ed25519', () => keygenSessions('ed25519')),
    ...curve('signature, ed25519', () => signingSessions('ed25519', shares.ed25519, message)),
    ...curve('signature, bip340', () => signingSessions('bip340', shares.bip340, message)),
  ]
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  const header = ['sessions', 'open at once', '× one alone', 'ms each']
  const cells = rows.map(({ name, count, time, ratio }) => [name, String(count), ratio.toFixed(2), spread(time)])
  return table([header, ...cells])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  return [...new Set(rows.map(({ name }) => name))].map((title) => ({
    title,
    bars: rows
      .filter(({ name }) => name === title)
      .map(({ count, time: { median, low, high }, ratio }) => ({
        label: `${count} open`,
        value: median,
        low,
        high,
        text: `${ratio.toFixed(2)}× · ${digits(median)} ms`,
        ours: true,
      })),
  }))
}

/** @typedef {[() => Session, () => Session]} Pair */
/** @typedef {import('../../dist/protocol/session/session.js').Session<unknown>} Session */

/** @param {string} name @param {() => Pair} open @returns {Row[]} */
function curve(name, open) {
  for (let i = 0; i < WARM_UP; i++) together(1, open)
  // As many sessions for every count, so that each is as much of a sample.
  const samples = COUNTS.map(() => /** @type {number[]} */ ([]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, count] of COUNTS.entries()) {
      const repeats = Math.max(1, 32 / count)
      let time = 0
      for (let i = 0; i < repeats; i++) time += together(count, open)
      samples[at]?.push(time / (repeats * count))
    }
  }
  const times = samples.map((sample) => summary(sample))
  return COUNTS.map((count, at) => {
    const time = /** @type {Summary} */ (times[at])
    return { name, count, time, ratio: time.median / (times[0]?.median ?? NaN) }
  })
}

/** Milliseconds that so many pairs of sessions took, all open before the first advances. @param {number} count @param {() => Pair} open */
function together(count, open) {
  const start = performance.now()
  const pairs = Array.from({ length: count }, () => open().map((one) => one()))
  let flights = pairs.map((pair) => pair.map((session) => session.start().out))
  const done = pairs.map(() => [false, false])
  for (let turn = 1; flights.some((pair) => pair.some((out) => out.length > 0)); turn = 1 - turn) {
    flights = flights.map((pair, i) => {
      const arriving = pair[1 - turn] ?? []
      if (arriving.length === 0 || done[i]?.[turn]) return withOut(pair, 1 - turn, [])
      const session = /** @type {Session} */ (pairs[i]?.[turn])
      for (const envelope of arriving) session.receive(envelope)
      const step = session.advance()
      if (step.done !== undefined) done[i]?.splice(turn, 1, true)
      return withOut(withOut(pair, 1 - turn, []), turn, [...(pair[turn] ?? []), ...step.out])
    })
  }
  if (done.flat().includes(false)) throw new Error('a session did not end')
  return performance.now() - start
}

/** @template T @param {readonly T[]} pair @param {number} place @param {T} value */
const withOut = (pair, place, value) => pair.map((old, i) => (i === place ? value : old))
