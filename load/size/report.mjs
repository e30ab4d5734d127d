// @ts-check
// What a run over many wallets says, and whether it has failed.
import { writeFileSync } from 'node:fs'
import { chart } from '../../bench/support/chart.mjs'
import { digits, table } from '../../bench/support/statistics.mjs'
import { KEPT } from './churn.mjs'
import { YEAR } from './growth.mjs'
import { PARTITIONED } from './partitions.mjs'

const CHART = new URL('../../bench/charts/wallets.svg', import.meta.url)
const MB = 2 ** 20

/** @typedef {import('./run.mjs').Result} Result */
/** @typedef {import('./run.mjs').Point} Point */

/** What is measured at each size, in milliseconds: by an action, or by a thousand clients of an audit. @param {Point} point @returns {readonly { name: string, p50: number, p99: number }[]} */
function curves({ latencies, sweep, rotation, audit, chains }) {
  const once = (/** @type {string} */ name, /** @type {number} */ seconds) => ({
    name,
    p50: 1000 * seconds,
    p99: 1000 * seconds,
  })
  return [
    ...latencies,
    once('sweep of 1,000 expired operations', sweep),
    once('rotation that finds nothing to seal again', rotation),
    once('audit, for 1,000 clients', (1000 * audit) / chains),
  ]
}

/** Why a run has failed. @param {Result} result */
export function judgeSize({ points, rounds }) {
  const failed = []
  const breaks = points.reduce((sum, point) => sum + (point.breaks ?? 0), 0)
  if (breaks > 0) failed.push(`breaks in the audit log: ${breaks}`)
  // By then as much is deleted as is written.
  const steady = rounds.slice(KEPT + 1)
  const [first, last] = [steady[0]?.bytes ?? 0, steady.at(-1)?.bytes ?? 0]
  if (last > 1.2 * first + 8 * MB) failed.push('what signatures write grows in the second hour')
  return failed
}

/** @param {Result} result @param {readonly string[]} failed */
export function printSize({ options, points, writes, growth, rounds }, failed) {
  return [
    `${options.clients} clients of this run among the wallets, each action once by each, one after the other, after a restart of PostgreSQL; ms`,
    ...(options.partitions === undefined
      ? []
      : [`${options.partitions} partitions each: ${PARTITIONED.map(short).join(', ')}`]),
    printCurves(points),
    table([
      ['wallets', 'rows', 'GB', 's to fill', 'chains audited', 's', 'breaks'],
      ...points.map(({ wallets, tables, fillSeconds, audit, chains, breaks }) => [
        ...[count(wallets), count(sum(tables, 'rows')), gigabytes(sum(tables, 'bytes')), fillSeconds.toFixed(0)],
        ...[count(chains), digits(audit), breaks === undefined ? '' : String(breaks)],
      ]),
    ]),
    printTables(points),
    printWrites(points, writes),
    printGrowth(growth),
    printRounds(rounds),
    failed.length === 0 ? 'held' : `failed: ${failed.join('; ')}`,
  ].join('\n\n')
}

/** What a database of the most wallets has, adds, and deletes again: for docs/operations.md. @param {Result} result */
export function printForOperators({ points, growth, rounds }) {
  const { wallets = 0, tables = [] } = points.at(-1) ?? {}
  return [
    `${count(wallets)} wallets: ${count(sum(tables, 'rows'))} rows, ${gigabytes(sum(tables, 'bytes'))} GB without their ECDSA setups`,
    printTables(points),
    printGrowth(growth),
    printRounds(rounds),
  ].join('\n\n')
}

/** @param {readonly Point[]} points */
function printCurves(points) {
  const all = points.map(curves)
  const header = ['p50 / p99', ...points.map(({ wallets }) => `${count(wallets)} wallets`)]
  const rows = (all[0] ?? []).map(({ name }, i) => [
    name,
    ...all.map((curve) => {
      const { p50 = 0, p99 = 0 } = curve[i] ?? {}
      return p50 === p99 ? digits(p50) : `${digits(p50)} / ${digits(p99)}`
    }),
  ])
  return table([header, ...rows])
}

/** The tables of the most wallets. @param {readonly Point[]} points */
function printTables(points) {
  const { tables = [], vacuums = {} } = points.at(-1) ?? {}
  const filled = tables.filter(({ table: name }) => vacuums[name] !== undefined).sort((a, b) => b.bytes - a.bytes)
  return table([
    ['table', 'rows', 'GB with indexes', 's of its first vacuum'],
    ...filled.map(({ table: name, rows, bytes }) => [
      ...[short(name), count(rows), gigabytes(bytes), digits(vacuums[name] ?? 0)],
    ]),
  ])
}

/** What PostgreSQL logs (WAL). @param {readonly Point[]} points @param {Result['writes']} writes */
function printWrites(points, { indexes, writes }) {
  const kilobytes = (/** @type {number} */ bytes) => digits(bytes / 1000)
  const curves = (points[0]?.latencies ?? []).map(({ name }, i) => [
    name,
    ...points.map(({ latencies }) => kilobytes(latencies[i]?.logged ?? 0)),
  ])
  const again = writes.map(({ action, all, without }) => [action, kilobytes(all), kilobytes(without)])
  return [
    table([
      ['KB of WAL, right after a checkpoint', ...points.map(({ wallets }) => `${count(wallets)} wallets`)],
      ...curves,
    ]),
    table([['KB of WAL, of pages in it since then', 'all indexes', 'without those of later migrations'], ...again]),
    `indexes of later migrations: ${indexes.map(short).join(', ')}`,
  ].join('\n\n')
}

/** @param {Result['growth']} growth */
function printGrowth({ kept, walletBytes, year }) {
  const header = ['kept for ever', 'bytes', 'times a year', 'rows']
  const rows = kept.map(({ action, rows: tables, bytes }) => [
    action,
    bytes.toFixed(0),
    String(YEAR[action] ?? 0),
    Object.entries(tables)
      .map(([name, times]) => `${digits(times)} ${short(name)}`)
      .join(', '),
  ])
  return [
    table([header, ...rows]),
    `a wallet with three sets and two ECDSA setups: ${count(Math.round(walletBytes))} bytes with indexes; a year adds ${count(Math.round(year))}`,
  ].join('\n\n')
}

/** @param {Result['rounds']} rounds */
function printRounds(rounds) {
  const header = ['minutes of use', 'signatures', 's', 'MB that signatures write', 'MB of sets', 'dead rows', 'vacuums']
  const shown = rounds.filter(({ round }) => round % 4 === 0)
  const rows = shown.map(({ round, signatures, seconds, bytes, setsBytes, dead, vacuums }) => [
    ...[String(5 * round), String(signatures), digits(seconds), digits(bytes / MB), digits(setsBytes / MB)],
    ...[String(dead), String(vacuums)],
  ])
  return table([header, ...rows])
}

/** The curves as a picture, for docs/internals/bench.md. @param {readonly Point[]} points */
export function drawSize(points) {
  const all = points.map((point) => ({ wallets: point.wallets, curve: curves(point) }))
  const panels = (all[0]?.curve ?? []).map(({ name }, i) => ({
    title: name,
    bars: all.map(({ wallets, curve }) => {
      const { p50 = 0, p99 = 0 } = curve[i] ?? {}
      const text = p50 === p99 ? `${digits(p50)} ms` : `${digits(p50)} ms, p99 ${digits(p99)}`
      return { label: `${count(wallets)} wallets`, value: p50, low: p50, high: p50, text, ours: true }
    }),
  }))
  const caption = 'One action at a time, milliseconds at the median; three sets a wallet'
  writeFileSync(CHART, chart('As many wallets in one PostgreSQL', caption, panels))
}

/** @param {readonly import('../database.mjs').Table[]} tables @param {'rows' | 'bytes'} what */
const sum = (tables, what) => tables.reduce((total, table) => total + table[what], 0)

/** @param {string} name */
const short = (name) => name.replace('reshare_', '')

/** @param {number} bytes */
const gigabytes = (bytes) => digits(bytes / (1024 * MB))

/** @param {number} value */
const count = (value) => value.toLocaleString('en')
