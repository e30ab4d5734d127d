// @ts-check
import pg from 'pg'
import { addCounts } from './failures.mjs'
import { createHistogram, merge } from './histogram.mjs'
import { residentBytes, treeUsage } from './proc.mjs'

const INTERVAL_MS = 1000

/** What one look at everything saw; memory in bytes. @typedef {{ seconds: number, servers: number[], postgres: number, connections: number, waiting: number }} Sample */

/**
 * Looks at processes and database every second.
 *
 * @param {import('./fleet.mjs').Fleet} fleet
 */
export function startWatch({ servers, custodian, drivers, postgresPids, databaseUrl }) {
  /** @type {Sample[]} */
  const samples = []
  /** @type {Record<string, number>} */
  const failures = {}
  const sums = {
    statements: 0,
    transactions: 0,
    conflicts: /** @type {Record<string, number>} */ ({}),
    requests: 0,
    poolWait: createHistogram(),
  }
  /** @type {number[]} live bytes of the first server after a full collection */
  const heaps = []
  const cpu = { postgres: 0 }
  let running = true
  const start = performance.now()
  const activity = createActivity(databaseUrl)
  /** Of each first process of PostgreSQL. @type {Map<number, number>} */
  const lastCpu = new Map()

  const look = async () => {
    let privateBytes = 0
    for (const pid of postgresPids()) {
      const usage = treeUsage(pid)
      privateBytes += usage.privateBytes
      // What a first process has used in all goes back to zero when it is started again.
      cpu.postgres += Math.max(0, usage.cpuSeconds - (lastCpu.get(pid) ?? usage.cpuSeconds))
      lastCpu.set(pid, usage.cpuSeconds)
    }
    for (const sessionIndex of [...servers, custodian, ...drivers]) sessionIndex.noteCpu()
    for (const sessionIndex of servers) {
      const taken = await sessionIndex.call('take').catch(() => undefined)
      if (taken === undefined) continue
      sums.statements += taken.statements
      sums.transactions += taken.transactions
      addCounts(sums.conflicts, taken.conflicts)
      merge(sums.poolWait, taken.poolWait)
      addCounts(failures, taken.failures)
    }
    samples.push({
      seconds: (performance.now() - start) / 1000,
      servers: servers.map((sessionIndex) => residentBytes(sessionIndex.pid()) ?? 0),
      postgres: privateBytes,
      ...(await activity.look()),
    })
  }
  const looking = (async () => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
      if (!running) return
      await look()
    }
  })()
  return {
    samples,
    failures,
    sums,
    heaps,
    cpu,
    /** How much of the first server's memory is in use. */
    async noteHeap() {
      const [first] = /** @type {[import('./processes.mjs').Slot]} */ (servers)
      // One that has ended by itself fails the run in another way.
      await first.call('heap').then(
        (bytes) => heaps.push(bytes),
        () => undefined,
      )
    },
    async stop() {
      running = false
      await looking
      await activity.close()
    },
  }
}

/** Connections to the database, and those that wait for a lock. @param {string} databaseUrl */
function createActivity(databaseUrl) {
  /** @type {import('pg').Client | undefined} */
  let client
  const lose = () => {
    client = undefined
  }
  const connect = async () => {
    const fresh = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 1000 })
    fresh.on('error', lose)
    await fresh.connect()
    client = fresh
    return fresh
  }
  return {
    async look() {
      try {
        const connection = client ?? (await connect())
        const { rows } = await connection.query(
          `select count(*)::int as connections, count(*) filter (where wait_event_type = 'Lock')::int as waiting
           from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
        )
        return /** @type {{ connections: number, waiting: number }} */ (rows[0])
      } catch {
        lose()
        return { connections: 0, waiting: 0 }
      }
    },
    close: async () => client?.end().catch(() => undefined),
  }
}
