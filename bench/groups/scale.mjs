// @ts-check
// How the time grows: with n in sharings of n of n, with the number of sets that are reshared, with the threads.
import { getGroup } from '../../dist/curve/index.js'
import { encodeKeyShare, encodeShareSetRecord } from '../../dist/key-share/index.js'
import { commit } from '../../dist/secret-sharing/feldman.js'
import { randomPolynomial, recombine } from '../../dist/secret-sharing/shamir.js'
import { findWrongShares } from '../../dist/secret-sharing/wrong-shares.js'
import { CURVES, partyId } from '../../dist/types.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { createPool } from '../../dist/workers/index.js'
import { keygen } from '../support/parties.mjs'
import { digits, spread, summary, table } from '../support/statistics.mjs'

export const title = 'Scale'
export const caption =
  'microseconds by unit of work: t·n in a sharing, a point in a commitment, a set, a split. Level bars are linear cost'

const SIZES = [10, 100, 1000]
const BATCHES = [1, 10, 100]
const THREADS = [0, 1, 2]
const RUNS = 7
/** Splits of 1,000 of 1,000 that a pool is given at once. */
const SPLITS = 4

/** @typedef {import('../../dist/key-share/types.js').KeyShare} KeyShare */
/** @typedef {import('../../dist/workers/index.js').Pool} Pool */
/** @typedef {{ name: string, size: number, per: string, units: number, each: number, time: ReturnType<typeof summary> }} Row */

export async function run() {
  /** @type {Row[]} */
  const rows = CURVES.flatMap((curve) => SIZES.flatMap((n) => sharing(curve, n)))
  const pools = THREADS.map((size) => createPool({ size }))
  try {
    for (const sets of BATCHES) rows.push(await resharing(/** @type {Pool} */ (pools[0]), sets, 'sets, no thread'))
    for (const pool of pools) rows.push(await resharing(pool, 100, `sets, ${pool.size} threads`))
    for (const pool of pools) rows.push(await splitting(pool))
  } finally {
    await Promise.all(pools.map((pool) => pool.close()))
  }
  return rows
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  const cells = rows.map(({ name, size, per, each, time }) => [
    name,
    `${size} ${per}`,
    digits(each * 1000),
    spread(time),
  ])
  return table([['operation', 'size', 'µs each', 'ms'], ...cells])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  return [...new Set(rows.map(({ name }) => name))].map((title) => ({
    title,
    bars: rows
      .filter(({ name }) => name === title)
      .map(({ size, per, units, each, time: { median, low, high } }) => ({
        label: `${size} ${per}`,
        value: each,
        low: low / units,
        high: high / units,
        text: `${digits(each * 1000)} µs · ${digits(median)} ms`,
        ours: true,
      })),
  }))
}

/**
 * @param {string} name
 * @param {number} size
 * @param {string} per what it counts
 * @param {readonly number[]} times
 * @returns {Row} with the time for each unit of work
 */
function row(name, size, per, times, units = size) {
  const time = summary(times)
  return { name, size, per, units, each: time.median / units, time }
}

/** @param {'secp256k1' | 'ed25519'} curve @param {number} n */
function sharing(curve, n) {
  const group = getGroup(curve)
  const ids = Array.from({ length: n }, (_, i) => i + 1)
  const secret = group.randomScalar(random)
  const coefficients = randomPolynomial(group, secret, n, random)
  const values = group.evaluatePolynomial(coefficients, ids)
  const commitment = commit(group, coefficients)
  const shares = ids.map((id, i) => ({
    id,
    value: /** @type {import('../../dist/curve/group.js').Scalar} */ (values[i]),
  }))
  const tampered = shares.map((share) => (share.id === n >> 1 ? { id: share.id, value: secret } : share))
  /** @type {Record<string, () => void>} */
  const operations = {
    split: () => group.evaluatePolynomial(randomPolynomial(group, secret, n, random), ids),
    commit: () => commit(group, coefficients),
    'verify all': () => findWrongShares(group, commitment, shares, random),
    'verify, one wrong': () => findWrongShares(group, commitment, tampered, random),
    recombine: () => recombine(group, shares, n),
  }
  return Object.entries(operations).map(([name, work]) => {
    const times = Array.from({ length: RUNS + 1 }, () => timed(work)).slice(1)
    return row(`${name}, ${curve}`, n, 'of n', times, name === 'commit' ? n : n * n)
  })
}

/** @param {() => void} work */
function timed(work) {
  const start = performance.now()
  work()
  return performance.now() - start
}

/** Both machines' reshares of many sets, ed25519, 2 of 2. @param {Pool} pool @param {number} sets @param {string} per */
async function resharing(pool, sets, per) {
  const shares = keygen('ed25519')
  const times = []
  for (let i = 0; i <= RUNS; i++) {
    const start = performance.now()
    await reshareAll(pool, shares, sets)
    if (i > 0) times.push(performance.now() - start)
  }
  return row('reshare, both machines, ed25519', sets, per, times)
}

/** @param {Pool} pool @param {readonly KeyShare[]} shares @param {number} sets */
async function reshareAll(pool, shares, sets) {
  const group = getGroup('ed25519')
  const participants = [1, 2].map((id) => ({
    dealer: partyId(id),
    receiver: { id: partyId(id), role: /** @type {const} */ ('server') },
  }))
  const openings = shares.map((share, i) => ({
    curve: /** @type {const} */ ('ed25519'),
    old: encodeShareSetRecord(group, share.record),
    purpose: /** @type {const} */ ('backup'),
    threshold: 2,
    participants,
    self: i + 1,
    share: encodeKeyShare(group, share),
  }))
  let outcomes = await pool.reshare(Array.from({ length: sets }, () => openings).flat())
  for (;;) {
    const steps = outcomes.map(({ step, error }) => {
      if (step === undefined) throw error
      return step
    })
    if (steps.every(({ done }) => done !== undefined)) return
    outcomes = await pool.reshare(
      // Machines 2i and 2i + 1 make one set.
      steps.map(({ state }, i) => {
        const { curve, purpose, threshold, self } = /** @type {typeof openings[number]} */ (openings[i % 2])
        const terms = { curve, purpose, threshold, participants, self }
        return { ...terms, state: /** @type {Uint8Array} */ (state), arrived: steps[i ^ 1]?.out ?? [] }
      }),
    )
  }
}

/** @param {Pool} pool */
async function splitting(pool) {
  const ids = Array.from({ length: 1000 }, (_, i) => i + 1)
  const secret = getGroup('ed25519').randomScalar(random)
  const times = []
  for (let i = 0; i <= RUNS; i++) {
    const start = performance.now()
    const job = { curve: /** @type {const} */ ('ed25519'), secret, threshold: 1000, ids }
    await Promise.all(Array.from({ length: SPLITS }, () => pool.split(job)))
    if (i > 0) times.push(performance.now() - start)
  }
  return row('split and commit 1,000 of 1,000, ed25519', SPLITS, `splits, ${pool.size} threads`, times)
}
