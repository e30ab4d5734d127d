// @ts-check
// npm run load -- --upgrade: servers of an earlier commit are replaced by this one's, and those by the earlier ones again,
// one at a time on one database. Clients of the earlier version go on through all of it; those of this one begin with its
// servers, as docs/operations.md has it, and go on when the servers are replaced back.
import { setTimeout as wait } from 'node:timers/promises'
import { countActions } from '../counted-actions.mjs'
import { findBroken } from '../database.mjs'
import { addCounts } from '../failures.mjs'
import { ask, withFleet } from '../fleet.mjs'
import { compareLedger, countAuditBreaks, readOnce } from '../ha/audit-ledger.mjs'
import { sumLedgers } from '../ha/ledger.mjs'
import { buildCommit } from './build-commit.mjs'

const THIS = new URL('../', import.meta.url)

/** One after another, each with a fifth of the run. */
const STAGES = [
  'earlier only',
  'one after another to this',
  'this only',
  'one after another back',
  'earlier only again',
]

/** How long clients are told to be at work, over and over. */
const SLICE_MS = 2000

/** @typedef {{ stage: string, tables: string, signatures: number, other: number, p50: number, p99: number, errors: Record<string, number>, reports: Record<string, number> }} StageResult */

/**
 * @param {import('../options.mjs').Options} options
 * @param {(line: string) => void} say
 */
export async function runUpgrade(options, say) {
  say(`building ${options.from}`)
  const { commit, load, discard } = buildCommit(options.from)
  try {
    return await withFleet(options, (fleet) => runStages(fleet, { options, commit, load, say }), load)
  } finally {
    discard()
  }
}

/** @param {import('../fleet.mjs').Fleet} fleet @param {{ options: import('../options.mjs').Options, commit: string, load: URL, say: (line: string) => void }} upgrade */
async function runStages(fleet, { options, commit, load, say }) {
  const { seconds } = options
  const { servers, drivers, databaseUrl } = fleet
  const [first, ...others] = /** @type {[import('../processes.mjs').Slot, ...import('../processes.mjs').Slot[]]} */ (
    drivers
  )
  await first.moveTo(load)
  await first.call('fill')
  const each = (1000 * seconds) / STAGES.length
  const loads = [startLoad(first)]
  /** @type {StageResult[]} */
  const stages = []
  /** @type {import('../ha/ledger.mjs').Ledger[]} */
  const ledgers = []
  for (const [i, stage] of STAGES.entries()) {
    say(stage)
    if (i === 2) {
      for (const driver of others) {
        await driver.call('fill')
        loads.push(startLoad(driver))
      }
    }
    if (i % 2 === 0) await wait(each)
    else {
      for (const server of servers) {
        await wait(each / servers.length)
        ledgers.push(await server.call('ledger'))
        await server.moveTo(i === 1 ? THIS : load)
      }
    }
    stages.push(await takeStage(fleet, stage))
  }
  await Promise.all(loads.map((stop) => stop()))
  const ledger = await auditLedger(fleet, ledgers)
  say('every wallet signs, recovers, and refuses what was retired')
  const found = await Promise.all(drivers.map((driver) => driver.call('verify')))
  const walletIds = found.flatMap((one) => one.walletIds)
  /** @type {Record<string, number>} */
  const internal = {}
  for (const driver of drivers) addCounts(internal, (await driver.call('network')).failures)
  return {
    options,
    commit,
    stages,
    ...ledger,
    wallets: walletIds.length,
    losses: /** @type {string[]} */ (found.flatMap((one) => one.losses)),
    broken: await findBroken(fleet, walletIds),
    internal,
    exits: [...servers, ...drivers].reduce((sum, process) => sum + process.exits(), 0),
    tables: await tablesVersion(databaseUrl),
  }
}

/** Has clients at work, however long a stage takes. @param {import('../processes.mjs').Slot} driver @returns {() => Promise<void>} ends it */
function startLoad(driver) {
  const state = { wanted: true }
  const goOn = async () => {
    while (state.wanted) await driver.call('run', { until: Date.now() + SLICE_MS })
  }
  const running = goOn()
  return () => {
    state.wanted = false
    return running
  }
}

/**
 * Whether the database has what was acknowledged, once. A server that is killed tells nothing of what was acknowledged last:
 * what the ledgers have not seen says nothing here.
 *
 * @param {import('../fleet.mjs').Fleet} fleet
 * @param {readonly import('../ha/ledger.mjs').Ledger[]} ledgers of servers that were replaced
 */
async function auditLedger({ servers, databaseUrl }, ledgers) {
  const last = await Promise.all(servers.map((server) => server.call('ledger')))
  const report = compareLedger(sumLedgers([...ledgers, ...last]), await readOnce(databaseUrl))
  return { ledger: { ...report, unseen: [] }, auditBreaks: await countAuditBreaks(databaseUrl) }
}

/** @typedef {Awaited<ReturnType<typeof runStages>>} Result */

/** What has happened since the last one. @param {import('../fleet.mjs').Fleet} fleet @param {string} stage @returns {Promise<StageResult>} */
async function takeStage(fleet, stage) {
  const { signatures, other, p50, p99, errors } = await countActions(fleet)
  /** @type {Record<string, number>} */
  const reports = {}
  for (const server of fleet.servers) addCounts(reports, (await server.call('take')).failures)
  return { stage, tables: await tablesVersion(fleet.databaseUrl), signatures, other, p50, p99, errors, reports }
}

/** The server's version of the tables, and the oldest that goes on with them. @param {string} databaseUrl */
async function tablesVersion(databaseUrl) {
  const [row] = await ask(databaseUrl, `select to_jsonb(s) as s from reshare_schema s where component = 'server'`)
  return `${row?.s.version} (from ${row?.s.oldest ?? row?.s.version})`
}
