// @ts-check
// npm run load -- --shards: two databases, each with servers and a key of its own. Clients are moved from one to the other
// while they are at work.
import { countActions } from '../counted-actions.mjs'
import { createTables, findBroken } from '../database.mjs'
import { addCounts } from '../failures.mjs'
import { ask, withFleet } from '../fleet.mjs'
import { countAuditBreaks } from '../ha/audit-ledger.mjs'
import { createRandom } from '../random.mjs'
import { startMover } from './mover.mjs'

/** @param {import('../options.mjs').Options} options @param {(line: string) => void} say */
export function runShards(options, say) {
  return withFleet(options, (fleet) => runOn(fleet, options, say))
}

/** @param {import('../fleet.mjs').Fleet} fleet @param {import('../options.mjs').Options} options @param {(line: string) => void} say */
async function runOn(fleet, options, say) {
  const { servers, drivers, shards } = fleet
  for (const { databaseUrl, key } of shards) await createTables(databaseUrl, key)
  await Promise.all(drivers.map((driver) => driver.call('fill')))
  say(`${options.seconds} s of load, while clients are moved`)
  const mover = startMover(fleet, createRandom(options.seed))
  const until = Date.now() + 1000 * options.seconds
  await Promise.all(drivers.map((driver) => driver.call('run', { until, rate: options.rate })))
  await mover.stop()
  const actions = await countActions(fleet)
  say('every wallet signs, recovers, and refuses what was retired')
  const found = await Promise.all(drivers.map((driver) => driver.call('verify')))
  const walletIds = found.flatMap((one) => one.walletIds)
  /** @type {string[]} */
  const broken = []
  let auditBreaks = 0
  for (const shard of shards) {
    broken.push(...(await findBroken({ ...fleet, ...shard }, walletIds)))
    auditBreaks += await countAuditBreaks(shard.databaseUrl, shard.key)
  }
  /** @type {Record<string, number>} */
  const internal = {}
  for (const driver of drivers) addCounts(internal, (await driver.call('network')).failures)
  /** @type {Record<string, number>} */
  const reports = {}
  for (const server of servers) addCounts(reports, (await server.call('take')).failures)
  return {
    options,
    ...actions,
    moves: mover.counts,
    moveFailures: mover.failures,
    inBoth: await countInBoth(shards),
    wallets: walletIds.length,
    losses: /** @type {string[]} */ (found.flatMap((one) => one.losses)),
    broken,
    auditBreaks,
    internal,
    reports,
    exits: [...servers, ...drivers].reduce((sum, process) => sum + process.exits(), 0),
  }
}

/** @typedef {Awaited<ReturnType<typeof runOn>>} Result */

/** How many clients have a set in more than one shard. @param {readonly import('../fleet.mjs').Shard[]} shards */
async function countInBoth(shards) {
  /** @type {Set<string>} */
  const seen = new Set()
  let twice = 0
  for (const { databaseUrl } of shards) {
    for (const { client_id: clientId } of await ask(databaseUrl, 'select distinct client_id from reshare_sets')) {
      if (seen.has(clientId)) twice += 1
      seen.add(clientId)
    }
  }
  return twice
}
