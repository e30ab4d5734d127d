// @ts-check
// What asynchronous standbys lose with their primary, and how the epoch is raised then: `--ha --asynchronous`.
import { setTimeout as wait } from 'node:timers/promises'
import { bumpEpoch } from 'reshare/server'
import { postgresDatabase } from 'reshare/server/postgres'
import { compareLedger, readOnce } from './audit-ledger.mjs'
import { sumLedgers } from './ledger.mjs'
import { findPrimary, untilReplaced } from './outages.mjs'
import { until } from './programs.mjs'

/** When the standbys fall behind, as a share of the run, and for how long until the primary is lost. */
const BEGINS = 0.25
const BEHIND_MS = 3000
/** How long the servers go on with the new primary before somebody stops them. */
const UNNOTICED_MS = 5000

/**
 * @typedef {object} LostCommits
 * @property {number} behindSeconds how long the standbys were behind when the primary was lost
 * @property {number} decisions acknowledged until then
 * @property {number} lost of them
 * @property {number} returned preprocessings that were used, and were there again
 * @property {number} twice decisions and uses that were acknowledged by both primaries
 * @property {number} epochBefore
 * @property {number} epoch
 * @property {number} refusedPreprocessings of the epoch before
 * @property {number} refusedSetups ECDSA setups of the epoch before
 * @property {number} [twiceAfter] what was used or decided before the epoch was raised, and again after it
 */

/**
 * @param {import('../fleet.mjs').Fleet} fleet
 * @param {number} seconds of load
 * @param {(line: string) => void} say
 */
export function startLostCommits(fleet, seconds, say) {
  /** @type {import('./ledger.mjs').Ledger[]} */
  const kept = []
  const running = (async () => {
    await wait(1000 * seconds * BEGINS)
    return loseCommits(fleet, kept, say)
  })()
  // Whoever waits for it gets the error.
  running.catch(() => console.error(fleet.cluster?.logs()))
  return {
    stop: () => running,
    /** What the processes had acknowledged that were stopped. */
    kept,
  }
}

/**
 * @param {import('../fleet.mjs').Fleet} fleet
 * @param {import('./ledger.mjs').Ledger[]} kept
 * @param {(line: string) => void} say
 * @returns {Promise<LostCommits>}
 */
async function loseCommits({ cluster: started, servers, databaseUrl }, kept, say) {
  const cluster = /** @type {import('./cluster.mjs').Cluster} */ (started)
  const primary = await findPrimary(cluster)
  const behind = Date.now()
  primary.stopReplication()
  await wait(BEHIND_MS)
  await primary.kill()
  const lostAt = Date.now()
  await untilReplaced(cluster, primary)
  await wait(UNNOTICED_MS)

  // What an operator does: no server runs while the epoch is raised.
  kept.push(...(await Promise.all(servers.map((server) => server.call('ledger')))))
  await Promise.all(servers.map((server) => server.stop()))
  const all = sumLedgers(kept)
  const before = {
    ...all,
    acknowledged: all.acknowledged.filter(({ at }) => at <= lostAt),
  }
  const report = compareLedger(before, await readOnce(databaseUrl))
  const raised = await raiseEpoch(databaseUrl)
  await Promise.all(servers.map((server) => server.restart()))
  say(`${report.lost.length} decisions lost; epoch ${raised.epoch}`)
  primary.start()
  await until('the cluster is whole again', cluster.isWhole, 120)
  return {
    behindSeconds: (lostAt - behind) / 1000,
    decisions: report.decisions,
    lost: report.lost.length,
    returned: report.returned.length,
    twice: compareLedger(all, {
      decisions: new Map(),
      preprocessings: new Set(),
    }).twice.length,
    ...raised,
  }
}

/** @param {string} databaseUrl */
async function raiseEpoch(databaseUrl) {
  const database = postgresDatabase(databaseUrl)
  try {
    const epoch = await bumpEpoch(database)
    const count = async (/** @type {string} */ table) => {
      const [row] = await database.query(`select count(*)::int as count from ${table} where epoch < $1`, [epoch])
      return Number(row?.['count'])
    }
    return {
      ...{ epochBefore: epoch - 1, epoch },
      refusedPreprocessings: await count('reshare_preprocessings'),
      refusedSetups: await count('reshare_ot_states'),
    }
  } finally {
    await database.close()
  }
}

/** How much the servers have acknowledged after the epoch was raised that had been acknowledged before. @param {readonly import('./ledger.mjs').Ledger[]} kept @param {readonly import('./ledger.mjs').Ledger[]} after */
export function countTwice(kept, after) {
  const nothing = { decisions: new Map(), preprocessings: new Set() }
  const twice = (/** @type {readonly import('./ledger.mjs').Ledger[]} */ ledgers) =>
    compareLedger(sumLedgers(ledgers), nothing).twice.length
  return twice([...kept, ...after]) - twice(kept)
}

/** @param {LostCommits} lost */
export function printLostCommits(lost) {
  return [
    `asynchronous standbys: ${lost.behindSeconds.toFixed(1)} s behind when the primary was lost`,
    `decisions acknowledged until then: ${lost.decisions}, lost: ${lost.lost}; preprocessings that were used and were there again: ${lost.returned}`,
    `acknowledged again by the next primary before the servers were stopped: ${lost.twice}`,
    `epoch raised from ${lost.epochBefore} to ${lost.epoch} with all servers stopped: ${lost.refusedPreprocessings} preprocessings and ${lost.refusedSetups} ECDSA setups are refused from then on; acknowledged again after it: ${lost.twiceAfter}`,
  ].join('\n')
}

/** Losses are what this run shows; after the epoch is raised there are no more. @param {LostCommits} lost @returns {string[]} */
export function judgeLostCommits({ lost, twiceAfter, epoch, epochBefore }) {
  const failed = []
  if (lost === 0) failed.push('the asynchronous standbys have lost nothing: the run shows nothing')
  if (epoch <= epochBefore) failed.push('the epoch was not raised')
  if (twiceAfter !== 0) failed.push(`acknowledged again after the epoch was raised: ${twiceAfter}`)
  return failed
}
