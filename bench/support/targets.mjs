// @ts-check
// What the package is meant to reach, and whether this run did. Every value is computed from the results.
import { UNIT } from '../groups/ecdsa.mjs'
import { digits, table } from './statistics.mjs'

/**
 * Results of the groups that ran, by name.
 *
 * @typedef {Readonly<Record<string, any>>} Results
 */

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {number} bound
 * @property {'at most' | 'at least'} side
 * @property {string} unit
 * @property {(results: Results) => number | undefined} value undefined if something that it needs was not measured
 */

/** @typedef {{ what: string, target: string, measured: string, verdict: 'met' | 'not met' | 'not measured' }} Verdict */

const LIBSECP256K1 = 'libsecp256k1 (C)'
const LIBSODIUM = 'libsodium (C)'
const BATCH = 'reshare, 64 at once'
const UNITS = 'multiplications'

/**
 * How many times as long the first one takes as the second. Both are known by their ratios to this package, which are of
 * turns close to each other.
 *
 * @param {string} key
 * @param {string} slower the beginning of its name
 * @param {string} faster
 * @param {string} [group]
 */
function ratio(key, slower, faster, group = 'primitives') {
  return (/** @type {Results} */ results) => {
    /** @type {import('./match.mjs').Match | undefined} */
    const match = results[group]?.find((/** @type {{ key: string }} */ one) => one.key === key)
    const of = (/** @type {string} */ name) =>
      match?.standings.find(({ by }) => by === name || by.startsWith(`${name}, `))?.ratio.median
    const [a, b] = [of(slower), of(faster)]
    return a === undefined || b === undefined ? undefined : a / b
  }
}

/** @param {string} group @param {string} name @param {string} time which of the row's times */
const median = (group, name, time) => (/** @type {Results} */ results) =>
  results[group]?.find((/** @type {{ name: string }} */ row) => row.name === name)?.[time]?.median

/** What a protocol of threshold ECDSA takes, in multiplications of the same run. @param {string} name */
const inMultiplications = (name) => (/** @type {Results} */ results) => {
  const [time, unit] = [name, UNIT].map((row) => median('ecdsa', row, 'both')(results))
  return time === undefined || unit === undefined ? undefined : time / unit
}

/** @param {string} name @param {string} measure */
const kilobytes = (name, measure) => (/** @type {Results} */ results) =>
  results['size']?.find((/** @type {any} */ row) => row.name === name && row.measure === measure)?.kilobytes

/**
 * What a coefficient of a share takes at 1,000 of 1,000 over what it takes at 100 of 100: 1 if the cost is linear in t·n.
 *
 * @param {string} name
 */
const growth = (name) => (/** @type {Results} */ results) => {
  const of = (/** @type {number} */ size) => {
    const row = results['scale']?.find((/** @type {any} */ one) => one.name === name && one.size === size)
    return row === undefined ? undefined : row.time.median / size ** 2
  }
  const [large, small] = [of(1000), of(100)]
  return large === undefined || small === undefined ? undefined : large / small
}

/** @type {Target['value']} */
const coldStartRatio = (results) =>
  results['cold-start']?.find((/** @type {any} */ row) => row.name === 'reshare/protocol, bundled')?.ratio

/** @type {(bound: number, unit: string, what: string, value: Target['value']) => Target} */
const atMost = (bound, unit, what, value) => ({ what, bound, side: 'at most', unit, value })
/** @type {(bound: number, unit: string, what: string, value: Target['value']) => Target} */
const atLeast = (bound, unit, what, value) => ({ what, bound, side: 'at least', unit, value })

/** @type {readonly Target[]} */
const TARGETS = [
  atMost(1, '×', 'secp256k1 base, of libsecp256k1', ratio('secp256k1.base', 'reshare', LIBSECP256K1)),
  atLeast(6, '×', 'secp256k1 base, over tiny-secp256k1', ratio('secp256k1.base', 'tiny-secp256k1 (wasm)', 'reshare')),
  atLeast(2.7, '×', 'secp256k1 base, over ox', ratio('secp256k1.base', 'ox (wasm)', 'reshare')),
  atMost(1.6, '×', 'secp256k1 arbitrary, of libsecp256k1', ratio('secp256k1.multiply', 'reshare', LIBSECP256K1)),
  atLeast(1.5, '×', 'secp256k1 arbitrary, over ox', ratio('secp256k1.multiply', 'ox (wasm)', 'reshare')),
  atMost(1.05, '×', 'secp256k1 arbitrary batched, of libsecp256k1', ratio('secp256k1.multiply', BATCH, LIBSECP256K1)),
  atMost(1, '×', 'ed25519 base, of libsodium', ratio('ed25519.base', 'reshare', LIBSODIUM)),
  atLeast(3, '×', 'ed25519 base, over libsodium wasm', ratio('ed25519.base', 'libsodium (wasm)', 'reshare')),
  atMost(0.7, 'ms', 'key generation, ed25519, both parties', median('protocols', 'key generation, ed25519', 'both')),
  atMost(0.5, 'ms', 'FROST ed25519, both parties', median('protocols', 'FROST signature, ed25519', 'both')),
  atLeast(60, '×', 'FROST ed25519, over @noble/curves', ratio('ed25519.sign', '@noble/curves', 'reshare', 'frost')),
  atMost(1.5, 'ms', 'reshare 2 of 2, ed25519, both', median('protocols', 'reshare 2 of 2, ed25519', 'both')),
  atMost(1.5, 'ms', 'reshare 2 of 2, secp256k1, both', median('protocols', 'reshare 2 of 2, secp256k1', 'both')),
  atMost(450, UNITS, 'ECDSA setup, both parties', inMultiplications('ECDSA setup')),
  atMost(150, UNITS, 'ECDSA signature, both parties', inMultiplications('ECDSA signature')),
  atMost(12, UNITS, 'ECDSA from a preprocessing, both parties', inMultiplications('ECDSA from a preprocessing')),
  atMost(
    1.05,
    '×',
    'ECDSA signature of an intent that is checked, of a raw one',
    (results) => results['intents']?.ratio.median,
  ),
  atMost(30, 'ms', 'recovery of both curves, both parties', median('recovery', 'all of it', 'time')),
  atMost(1.2, '×', 'split 1,000 of 1,000, a term against 100 of 100', growth('split, ed25519')),
  atMost(1.2, '×', 'recombine 1,000 of 1,000, a term against 100 of 100', growth('recombine, ed25519')),
  atMost(90, 'KB', 'core.wasm', kilobytes('core.wasm', 'raw')),
  atMost(25, 'KB', 'core.wasm, brotli', kilobytes('core.wasm', 'brotli')),
  atMost(100, 'KB', 'client with the password backup, gzip', kilobytes('client + password', 'gzip')),
  atMost(40, 'KB', 'generate, recover and sign, gzip', kilobytes('generate, recover, sign', 'gzip')),
  atMost(40, 'KB', 'ed25519 alone, gzip', kilobytes('ed25519 alone', 'gzip')),
  atMost(60, 'KB', 'client without backup methods, gzip', kilobytes('client', 'gzip')),
  atMost(5, 'ms', 'import to first key pair, cold', median('cold-start', 'reshare/protocol, bundled', 'total')),
  atMost(3, '×', 'import to first key pair, of compiling the bare module', coldStartRatio),
]

/** @param {Results} results @returns {Verdict[]} */
export function judge(results) {
  return TARGETS.map(({ what, bound, side, unit, value }) => {
    const measured = value(results)
    const target = `${side === 'at most' ? '≤' : '≥'} ${bound} ${unit}`
    if (measured === undefined) return { what, target, measured: '', verdict: 'not measured' }
    const isMet = side === 'at most' ? measured <= bound : measured >= bound
    return { what, target, measured: `${digits(measured)} ${unit}`, verdict: isMet ? 'met' : 'not met' }
  })
}

/** @param {readonly Verdict[]} verdicts */
export function printVerdicts(verdicts) {
  const rows = verdicts.map(({ what, target, measured, verdict }) => [what, target, measured, verdict])
  return table([['target', '', 'measured', ''], ...rows])
}
