// @ts-check
// npm run load -- --size 10000,100000: what the server does with as many wallets in one PostgreSQL as it is told, and what grows.
import { webhookCustodian } from 'reshare/custodian'
import { createServer, verifyAuditLog } from 'reshare/server'
import { postgresDatabase } from 'reshare/server/postgres'
import { createTables, measureTables } from '../database.mjs'
import { ask, withFleet } from '../fleet.mjs'
import { quantile } from '../histogram.mjs'
import { churn } from './churn.mjs'
import { fill } from './fill.mjs'
import { measureGrowth } from './growth.mjs'
import { partition } from './partitions.mjs'
import { takeTemplate } from './template.mjs'
import { logged, measureWrites } from './writes.mjs'

const MASTER_KEY = new Uint8Array(32).fill(2)
const DAY = 24 * 3_600_000

/** What clients do at each size, one after the other, each with the wallet of another client. @type {readonly import('../actions.mjs').Action[]} */
const ACTIONS = ['sign ed25519', 'sign ecdsa', 'list sets', 'recover, keep']
/** How many operations a sweep finds that have expired. */
const EXPIRED = 1000

/** @typedef {{ name: string, p50: number, p99: number, logged: number }} Latency milliseconds, and bytes that PostgreSQL has logged for it */
/** @typedef {{ wallets: number, tables: import('../database.mjs').Table[], fillSeconds: number, vacuums: Record<string, number>, latencies: Latency[], sweep: number, rotation: number, audit: number, chains: number, breaks: number | undefined }} Point seconds of the vacuum of each table, of a sweep, of a rotation, and of an audit of so many chains */
/** @typedef {Awaited<ReturnType<typeof runSize>>} Result */

/**
 * @param {import('../options.mjs').Options} options
 * @param {(line: string) => void} say
 */
export function runSize(options, say) {
  return withFleet({ ...options, servers: 1 }, async (fleet) => {
    const { databaseUrl, servers, drivers, limits } = fleet
    await createTables(databaseUrl)
    if (options.partitions !== undefined) await partition(databaseUrl, options.partitions)
    await Promise.all(drivers.map((driver) => driver.call('fill')))
    for (const driver of drivers) {
      await driver.call('repeat', { action: 'recover, keep', count: Math.floor(options.clients / 2), spread: true })
    }
    // What is kept for a while only is no part of what is copied.
    await withServer(fleet, DAY, (server) => server.sweep())
    const template = await takeTemplate(databaseUrl, MASTER_KEY)
    /** @type {Point[]} */
    const points = []
    let filled = 0
    for (const wallets of options.sizes) {
      say(`${wallets.toLocaleString('en')} wallets`)
      const began = performance.now()
      // It would sweep tables that have no indexes.
      for (const server of servers) await server.stop()
      const vacuums = await fill(databaseUrl, template, { from: filled + 1, to: wallets }, say)
      for (const server of servers) await server.restart()
      filled = wallets
      const fillSeconds = (performance.now() - began) / 1000
      const point = await measure(fleet, options)
      points.push({ wallets, fillSeconds, vacuums, ...point })
      const medians = point.latencies.map(({ name, p50 }) => `${name} ${p50.toFixed(0)} ms`)
      say(`${medians.join(', ')}; measured in ${((performance.now() - began) / 1000 - fillSeconds).toFixed(0)} s`)
    }
    say('what a signature writes')
    const writes = await measureWrites(fleet, options)
    say('growth')
    const growth = await measureGrowth(fleet, options, template, filled, () =>
      withServer(fleet, DAY, (server) => server.sweep()),
    )
    say('two hours of use')
    const rounds = await churn(databaseUrl, filled, limits.responseMs, (later) =>
      withServer(fleet, later, (server) => server.sweep()),
    )
    return { options, limits, points, setupBytes: template.setupBytes, writes, growth, rounds }
  })
}

/** @param {import('../fleet.mjs').Fleet} fleet @param {import('../options.mjs').Options} options */
async function measure(fleet, { clients }) {
  const { databaseUrl, drivers, postgres } = fleet
  const [driver] = /** @type {[import('../processes.mjs').Slot]} */ (drivers)
  // Nothing is in PostgreSQL's own memory; what Linux has of its files stays.
  await postgres.restart()
  await driver.call('repeat', { action: 'sign ed25519', count: 8, spread: true })
  /** @type {Latency[]} */
  const latencies = []
  for (const action of ACTIONS) {
    /** @type {{ counts: Record<string, import('../tally.mjs').Counted> }} */
    let done = { counts: {} }
    await ask(databaseUrl, 'checkpoint')
    const bytes = await logged(databaseUrl, async () => {
      done = await driver.call('repeat', { action, count: clients, spread: true })
    })
    const { times } = /** @type {import('../tally.mjs').Counted} */ (done.counts[action])
    latencies.push({ name: action, p50: quantile(times, 0.5), p99: quantile(times, 0.99), logged: bytes / clients })
  }
  await addExpired(databaseUrl)
  const [sweep, rotation] = await withServer(fleet, 0, async (server) => {
    await server.approvals.list()
    return [await timed(() => server.sweep()), await timed(() => server.rotate())]
  })
  const tables = await measureTables(databaseUrl)
  const audit = await auditFirst(databaseUrl)
  return { tables, latencies, sweep, rotation, ...audit }
}

/** How many pages of 100 clients an audit reads here: all of a small database. */
const AUDIT_PAGES = 50

/** Thrown where an audit is ended. */
class EnoughRead extends Error {}

/** Audits the first clients. @param {string} databaseUrl @returns {Promise<{ audit: number, chains: number, breaks: number | undefined }>} breaks of a whole audit */
async function auditFirst(databaseUrl) {
  const opened = postgresDatabase(databaseUrl)
  let pages = 0
  /** @type {typeof opened} */
  const database = {
    ...opened,
    async transaction(work, isolation) {
      if (pages++ === AUDIT_PAGES) throw new EnoughRead()
      return opened.transaction(work, isolation)
    },
  }
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  try {
    const { breaks, chains } = await verifyAuditLog({ database, masterKey: MASTER_KEY })
    return { audit: seconds(), chains, breaks: breaks.length }
  } catch (error) {
    if (!(error instanceof EnoughRead)) throw error
    return { audit: seconds(), chains: 100 * AUDIT_PAGES, breaks: undefined }
  } finally {
    await opened.close()
  }
}

/** Operations of copies that a sweep deletes, with their responses and decisions. @param {string} databaseUrl */
async function addExpired(databaseUrl) {
  const from = `from (select client_id, row_number() over () as n from template.wallets, generate_series(1, ${EXPIRED}) n) t`
  const ids = `template.other(client_id, n::int), md5('expired' || n)`
  for (const sql of [
    `insert into reshare_operations (client_id, operation_id, kind, round, epoch, expires_at)
     select ${ids}, 'sign', 1, 1, now() - interval '1 day' ${from}`,
    `insert into reshare_responses (client_id, operation_id, round, request_hash, sealed)
     select ${ids}, 1, decode(md5('hash'), 'hex'), decode(repeat(md5('sealed'), 60), 'hex') ${from}`,
    `insert into reshare_decisions (client_id, operation_id, decision, decided_at)
     select ${ids}, 'COMMIT', now() - interval '1 day' ${from}`,
  ]) {
    await ask(databaseUrl, sql)
  }
}

/**
 * @template T
 * @param {import('../fleet.mjs').Fleet} fleet
 * @param {number} later by its clock, milliseconds
 * @param {(server: import('reshare/server').Server) => Promise<T>} work
 */
async function withServer({ databaseUrl, limits, custodianUrl, secret }, later, work) {
  const database = postgresDatabase(databaseUrl)
  try {
    return await work(
      createServer({
        database,
        masterKey: MASTER_KEY,
        authenticate: () => undefined,
        custodian: webhookCustodian({ url: custodianUrl, secret }),
        limits,
        now: () => Date.now() + later,
        onError: (error) => console.error(error),
      }),
    )
  } finally {
    await database.close()
  }
}

/** @param {() => Promise<unknown>} work @returns seconds */
async function timed(work) {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}
