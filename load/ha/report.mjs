// @ts-check
// What a run on a cluster says of its outages.
import { writeFileSync } from 'node:fs'
import { chart } from '../../bench/support/chart.mjs'
import { digits, table } from '../../bench/support/statistics.mjs'
import { longestGap } from './ledger.mjs'

const CHART = new URL('../../bench/charts/failover.svg', import.meta.url)

/**
 * An outage as it is printed; times in seconds.
 *
 * @typedef {object} OutageRow
 * @property {string} name
 * @property {number} at since the load began
 * @property {number} withoutWrites the longest time in which nothing was committed
 * @property {number | undefined} replaced until another node was primary
 * @property {number} whole until everything was well again
 * @property {number} refused requests answered by 503
 * @property {number} unanswered
 */

/**
 * @param {readonly import('./outages.mjs').Outage[]} outages
 * @param {import('./ledger.mjs').Ledger} ledger
 * @param {number} began of the load, by `Date.now()`
 * @returns {OutageRow[]}
 */
export function describeOutages(outages, ledger, began) {
  return outages.map((outage) => ({
    name: outage.name,
    at: (outage.began - began) / 1000,
    withoutWrites: longestGap(ledger, outage.began, outage.whole) / 1000,
    replaced: outage.replaced === undefined ? undefined : (outage.replaced - outage.began) / 1000,
    whole: (outage.whole - outage.began) / 1000,
    refused: outage.refused,
    unanswered: outage.unanswered,
  }))
}

/** @param {readonly OutageRow[]} rows */
export function printOutages(rows) {
  const header = [
    'outage',
    'at s',
    's without writes',
    's to another primary',
    's until all is well',
    'requests refused and repeated',
    'unanswered and repeated',
  ]
  const cells = rows.map(({ name, at, withoutWrites, replaced, whole, refused, unanswered }) => [
    name,
    at.toFixed(0),
    digits(withoutWrites),
    replaced === undefined ? '' : digits(replaced),
    digits(whole),
    String(refused),
    String(unanswered),
  ])
  return table([header, ...cells])
}

/** @param {import('./audit-ledger.mjs').LedgerReport} report @param {number} auditBreaks */
export function printLedger({ decisions, preprocessings, unsure, lost, changed, twice, returned }, auditBreaks) {
  return [
    `decisions acknowledged: ${decisions}, lost: ${lost.length}, changed: ${changed.length}, acknowledged twice: ${twice.filter((name) => name.startsWith('decision')).length}; whose commit failed: ${unsure}`,
    `preprocessings used: ${preprocessings}, used twice: ${twice.filter((name) => name.startsWith('preprocessing')).length}, there again: ${returned.length}`,
    `audit log: ${auditBreaks} breaks`,
  ].join('\n')
}

/** The seconds without writes of each outage, for docs/internals/bench.md. @param {readonly OutageRow[]} rows */
export function drawOutages(rows) {
  const bars = rows.map(({ name, at, withoutWrites }) => ({
    label: `${name}, at ${at.toFixed(0)} s`,
    value: withoutWrites,
    low: withoutWrites,
    high: withoutWrites,
    text: `${digits(withoutWrites)} s`,
    ours: true,
  }))
  const caption = 'The longest time in which no server committed anything, in seconds'
  const title = 'Three nodes, one synchronous standby, the lock of the primary for 12 s'
  writeFileSync(CHART, chart('Seconds without writes', caption, [{ title, bars }]))
}
