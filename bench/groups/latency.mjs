// @ts-check
// The distribution of one protocol's time alone, tail included: one subject after the other, sampled by tinybench.
import { systemRandom as random } from '../../dist/util/random.js'
import { duel } from '../support/duel.mjs'
import { keygen, keygenSessions, reshareSessions, signingSessions } from '../support/parties.mjs'
import { optional } from '../support/peers.mjs'
import { digits, table } from '../support/statistics.mjs'

export const title = 'Latency'
export const caption = 'milliseconds of both parties: 99th percentile, with the median and 99.9th'

const TIME_MS = 1500

/** @typedef {{ name: string, samples: number, p50: number, p75: number, p99: number, p999: number, max: number }} Row milliseconds */

/** @returns {Promise<Row[]>} empty where tinybench is not installed */
export async function run() {
  const tinybench = await optional('tinybench')
  if (tinybench === undefined) return []
  const shares = { ed25519: keygen('ed25519'), bip340: keygen('secp256k1') }
  const message = random(32)
  const bench = new tinybench.Bench({ time: TIME_MS, warmupTime: 500, throws: true })
  bench.add('key generation, ed25519', () => void duel(keygenSessions('ed25519')))
  bench.add('reshare 2 of 2, ed25519', () => void duel(reshareSessions(shares.ed25519)))
  bench.add('signature, ed25519', () => void duel(signingSessions('ed25519', shares.ed25519, message)))
  bench.add('signature, bip340', () => void duel(signingSessions('bip340', shares.bip340, message)))
  const tasks = await bench.run()
  return tasks.map((/** @type {any} */ { name, result: { latency } }) => {
    const { samplesCount: samples, p50, p75, p99, p999, max } = latency
    return { name, samples, p50, p75, p99, p999, max }
  })
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  if (rows.length === 0) return 'latency: left out, npm run bench:peers installs tinybench'
  const header = ['latency', 'p50 ms', 'p75', 'p99', 'p99.9', 'max', 'samples']
  const cells = rows.map(({ name, samples, ...times }) => [
    name,
    ...[times.p50, times.p75, times.p99, times.p999, times.max].map(digits),
    String(samples),
  ])
  return table([header, ...cells])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  if (rows.length === 0) return []
  const bars = rows.map(({ name, p50, p99, p999 }) => {
    return { label: name, value: p99, low: p50, high: p999, text: `${digits(p50)} · ${digits(p99)} ms`, ours: true }
  })
  return [{ title: 'p99', bars }]
}
