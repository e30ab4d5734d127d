// @ts-check
import { setTimeout as wait } from 'node:timers/promises'
import { measureCosts } from './costs.mjs'
import { createTables, findBroken, measureTables } from './database.mjs'
import { addCounts } from './failures.mjs'
import { startFaults } from './faults.mjs'
import { withFleet } from './fleet.mjs'
import { compareLedger, countAuditBreaks, readOnce } from './ha/audit-ledger.mjs'
import { sumLedgers } from './ha/ledger.mjs'
import { countTwice, startLostCommits } from './ha/lost-commits.mjs'
import { startOutages } from './ha/outages.mjs'
import { describeOutages } from './ha/report.mjs'
import { merge, quantile } from './histogram.mjs'
import { preload } from './preload.mjs'
import { createRandom } from './random.mjs'
import { startWatch } from './watch.mjs'

/** How often the first server is asked for what it holds. */
const HEAPS = 8

/** @typedef {{ name: string, count: number, perSecond: number, p50: number, p90: number, p99: number, max: number, errors: Record<string, number> }} ActionRow */
/** @typedef {Awaited<ReturnType<typeof run>>} Result */

/**
 * A whole run: the fleet, what an action costs, the load, the search for what was lost.
 *
 * @param {import('./options.mjs').Options} options
 * @param {(line: string) => void} say
 */
export function run(options, say) {
  return withFleet(options, (fleet) => runOn(fleet, options, say))
}

/** @param {import('./fleet.mjs').Fleet} fleet @param {import('./options.mjs').Options} options @param {(line: string) => void} say */
async function runOn(fleet, options, say) {
  const { servers, drivers, custodian, databaseUrl } = fleet
  say(`${options.wallets} wallets of others, and one for each of ${options.clients} clients`)
  await createTables(databaseUrl)
  if (options.wallets > 0) await preload(databaseUrl, options.wallets)
  const tablesBefore = await measureTables(databaseUrl)
  await Promise.all(drivers.map((driver) => driver.call('fill')))
  const costs = options.costs ? await measureCosts(fleet) : []

  say(`${options.seconds} s of load${options.faults ? ' with faults' : ''}${options.ha ? ' with outages' : ''}`)
  await Promise.all([...servers, ...drivers].map((sessionIndex) => sessionIndex.call('take')))
  if (options.plant === 'server') await servers[0]?.call('plant')
  const watch = startWatch(fleet)
  const cpuBefore = cpuOf(fleet)
  const began = performance.now()
  const beganAt = Date.now()
  const faults = options.faults ? startFaults(fleet, createRandom(options.seed), options.seconds) : undefined
  const losing = options.asynchronous ? startLostCommits(fleet, options.seconds, say) : undefined
  const outages = options.ha && losing === undefined ? startOutages(fleet, options.seconds, say) : undefined
  const loading = Promise.all(
    drivers.map((driver) => driver.call('run', { until: Date.now() + 1000 * options.seconds, rate: options.rate })),
  )
  for (let i = 0; i < HEAPS; i++) {
    await wait((1000 * options.seconds) / HEAPS)
    await watch.noteHeap()
  }
  await loading
  const seconds = (performance.now() - began) / 1000
  await faults?.stop()
  const happened = await outages?.stop()
  const lost = await losing?.stop()
  await watch.stop()
  const cpu = { ...cpuOf(fleet), postgres: watch.cpu.postgres }
  const counts = await Promise.all(drivers.map((driver) => driver.call('take')))
  const tables = await measureTables(databaseUrl)

  // Wallets whose commits are lost are lost as well, with their clients' tokens: looking for each would tell no more.
  const verifies = losing === undefined
  if (verifies) say('every wallet signs, recovers, and refuses what was retired')
  const found = verifies ? await Promise.all(drivers.map((driver) => driver.call('verify'))) : []
  const walletIds = found.flatMap((one) => one.walletIds)
  /** @type {string[]} */
  const losses = found.flatMap((one) => one.losses)
  const ha = happened && (await auditCluster(fleet, happened, beganAt))
  const lostCommits = losing && lost && { ...lost, twiceAfter: countTwice(losing.kept, await ledgersOf(fleet)) }
  const broken = verifies ? await findBroken(fleet, walletIds) : []
  const networks = await Promise.all(drivers.map((driver) => driver.call('network')))
  /** @type {Record<string, number>} */
  const internal = {}
  /** @type {Record<string, number>} */
  const fates = {}
  for (const network of networks) {
    addCounts(internal, network.failures)
    addCounts(fates, network.fates)
  }
  const custodianFailures = await custodian.call('take')
  const { samples } = watch
  return {
    options,
    seconds,
    actions: sumActions(counts, seconds),
    costs,
    wallets: walletIds.length,
    losses,
    broken,
    internal,
    exits: [...servers, ...drivers, custodian].reduce((sum, sessionIndex) => sum + sessionIndex.exits(), 0),
    serverErrors: watch.failures,
    requestsPerSecond: watch.sums.statements === 0 ? 0 : total(fates) / seconds,
    statements: watch.sums.statements,
    transactions: watch.sums.transactions,
    conflicts: watch.sums.conflicts,
    poolWait: {
      p50: quantile(watch.sums.poolWait, 0.5),
      p99: quantile(watch.sums.poolWait, 0.99),
      max: watch.sums.poolWait.max,
    },
    connections: Math.max(0, ...samples.map(({ connections }) => connections)),
    waiting: Math.max(0, ...samples.map(({ waiting }) => waiting)),
    memory: {
      servers: samples.map((sample) => sample.servers[0] ?? 0),
      all: samples.map((sample) => sample.servers.reduce((sum, bytes) => sum + bytes, 0)),
      heaps: watch.heaps,
      postgres: samples.map((sample) => sample.postgres),
    },
    cpu: {
      servers: (cpu.servers - cpuBefore.servers) / seconds,
      custodian: (cpu.custodian - cpuBefore.custodian) / seconds,
      clients: (cpu.clients - cpuBefore.clients) / seconds,
      postgres: cpu.postgres / seconds,
    },
    tables,
    tablesBefore,
    ha,
    lostCommits,
    faults: faults && {
      ...faults.counts,
      ...fates,
      webhooks: custodianFailures.failed,
    },
  }
}

/**
 * What the outages were, and whether the database has what it acknowledged.
 *
 * @param {import('./fleet.mjs').Fleet} fleet
 * @param {readonly import('./ha/outages.mjs').Outage[]} happened
 * @param {number} began
 */
async function auditCluster(fleet, happened, began) {
  const { databaseUrl } = fleet
  const ledger = sumLedgers(await ledgersOf(fleet))
  return {
    outages: describeOutages(happened, ledger, began),
    ledger: compareLedger(ledger, await readOnce(databaseUrl)),
    auditBreaks: await countAuditBreaks(databaseUrl),
  }
}

/** @param {import('./fleet.mjs').Fleet} fleet @returns {Promise<import('./ha/ledger.mjs').Ledger[]>} */
const ledgersOf = ({ servers }) => Promise.all(servers.map((server) => server.call('ledger')))

/** @param {import('./fleet.mjs').Fleet} fleet */
function cpuOf({ servers, custodian, drivers }) {
  const sum = (/** @type {readonly import('./processes.mjs').Slot[]} */ specs) => {
    for (const sessionIndex of specs) sessionIndex.noteCpu()
    return specs.reduce((seconds, sessionIndex) => seconds + sessionIndex.cpuSeconds(), 0)
  }
  return { servers: sum(servers), custodian: sum([custodian]), clients: sum(drivers) }
}

/** @param {Record<string, number>} counts */
const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0)

/** @param {readonly Record<string, import('./tally.mjs').Counted>[]} counts @param {number} seconds @returns {ActionRow[]} */
function sumActions(counts, seconds) {
  /** @type {Record<string, import('./tally.mjs').Counted>} */
  const sums = {}
  for (const [name, { times, errors }] of counts.flatMap((one) => Object.entries(one))) {
    const known = sums[name]
    if (known === undefined) sums[name] = { times, errors }
    else {
      merge(known.times, times)
      addCounts(known.errors, errors)
    }
  }
  return Object.entries(sums).map(([name, { times, errors }]) => ({
    name,
    count: times.count,
    perSecond: times.count / seconds,
    p50: quantile(times, 0.5),
    p90: quantile(times, 0.9),
    p99: quantile(times, 0.99),
    max: times.max,
    errors,
  }))
}
