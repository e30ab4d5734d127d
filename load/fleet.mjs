// @ts-check
// Everything that a run needs: PostgreSQL, the custodian, the servers, the clients.
import pg from 'pg'
import { freePort, startTestPostgres } from '../scripts/test-postgres.mjs'
import { startCluster } from './ha/cluster.mjs'
import { startProcess } from './processes.mjs'
import { createRandom } from './random.mjs'

const SECRET = 'webhook-secret-of-the-load'

/**
 * Durable, unlike the tests' database: crashes are part of the run. The time-outs are those that docs/operations.md
 * recommends.
 */
const SETTINGS = ['max_connections=200', 'shared_buffers=256MB']

/** So that millions of rows are written once and not at every checkpoint as well. */
const FILLED = ['max_wal_size=8GB', 'checkpoint_timeout=30min']

/** As short as lets a run see the end of operations, of claims and of answers; no rates, which would slow clients down. */
const LIMITS = {
  rates: null,
  lockOut: null,
  roundMs: 5000,
  operationMs: 60_000,
  responseMs: 60_000,
}
/**
 * Decisions are kept until they are compared with what was acknowledged, and operations last longer than the clients'
 * deadline.
 */
const CLUSTER_LIMITS = { ...LIMITS, operationMs: 180_000, responseMs: 60 * 60_000 }
/** How long a client repeats a request; on a cluster, as long as by the package's default. */
const DEADLINE_MS = 30_000
const CLUSTER_DEADLINE_MS = 120_000
const SWEEP_MS = 10_000
const DRIVERS = 2

/**
 * Works with a fleet, and stops it, also when the process is told to end.
 *
 * @template T
 * @param {import('./options.mjs').Options} options
 * @param {(fleet: Fleet) => Promise<T>} work
 * @param {URL} [load] the folder of the servers' program
 */
export async function withFleet(options, work, load) {
  const interrupted = new AbortController()
  /** @type {Promise<Fleet> | undefined} */
  let starting
  const interrupt = () => {
    if (interrupted.signal.aborted) return
    interrupted.abort(new Error('the run was told to end'))
    // A start that is interrupted stops what it has started.
    void (starting ?? Promise.reject())
      .then(({ stop }) => stop())
      .catch(() => undefined)
      .finally(() => process.exit(130))
  }
  // Whoever sends one may send it twice: to the process, and to its group.
  for (const signal of SIGNALS) process.on(signal, interrupt)
  try {
    starting = startFleet(options, interrupted.signal, load)
    const fleet = await starting
    try {
      return await work(fleet)
    } finally {
      await fleet.stop()
    }
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt)
  }
}

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/** @param {import('./options.mjs').Options} options @param {AbortSignal} signal ends the start @param {URL} [load] */
async function startFleet(
  { servers: count, clients, pool, seed, plant, ha, asynchronous, upgrade, sizes, shards: sharded },
  signal,
  load,
) {
  const postgres = await startTestPostgres(sizes.length > 0 ? [...SETTINGS, ...FILLED] : SETTINGS)
  if (postgres === undefined) throw new Error('PostgreSQL is not installed')
  /** @type {import('./processes.mjs').Slot[]} */
  const started = []
  /** @type {import('./ha/cluster.mjs').Cluster | undefined} */
  let cluster
  const start = async (
    /** @type {string} */ name,
    /** @type {'server' | 'custodian' | 'driver'} */ kind,
    /** @type {object} */ argument,
    /** @type {URL | undefined} */ programs = undefined,
  ) => {
    const slot = await startProcess(name, kind, argument, programs)
    started.push(slot)
    signal.throwIfAborted()
    return slot
  }
  /** @type {Promise<void> | undefined} */
  let stopped
  const stop = () => (stopped ??= stopAll())
  const stopAll = async () => {
    for (const sessionIndex of started) await sessionIndex.stop()
    await cluster?.stop()
    await postgres.stop()
  }
  try {
    signal.throwIfAborted()
    if (ha) cluster = await startCluster({ synchronous: !asynchronous, random: createRandom(seed), signal })
    const databaseUrl =
      cluster === undefined ? await createDatabase(postgres.url, 'reshare') : await createOnCluster(cluster, 'reshare')
    const keepsLedger = ha || upgrade
    const limits = keepsLedger ? CLUSTER_LIMITS : LIMITS
    // The custodian is the app's: its database is another one, and no part of what is tried on a cluster.
    const custodianDatabaseUrl = await createDatabase(postgres.url, 'custodian')
    const custodianPort = await freePort()
    const custodian = await start('custodian', 'custodian', {
      ...{ port: custodianPort, databaseUrl: custodianDatabaseUrl, pool, secret: SECRET, seed },
    })
    const custodianUrl = `http://127.0.0.1:${custodianPort}`
    const servers = []
    /** The second has a database and a key of its own. @type {Shard[]} */
    const shards = [{ databaseUrl, key: 2, urls: [] }]
    if (sharded) shards.push({ databaseUrl: await createDatabase(postgres.url, 'second'), key: 3, urls: [] })
    for (let i = 0; i < count; i++) {
      const port = await freePort()
      const shard = /** @type {Shard} */ (shards[i % shards.length])
      shard.urls.push(`http://127.0.0.1:${port}`)
      const argument = {
        ...{
          port,
          databaseUrl: shard.databaseUrl,
          key: shard.key,
          pool,
          custodianUrl,
          secret: SECRET,
          limits,
          sweepMs: SWEEP_MS,
        },
        ledger: keepsLedger,
      }
      servers.push(await start(`server ${i + 1}`, 'server', argument, load))
    }
    const drivers = []
    for (let i = 0; i < DRIVERS; i++) {
      const share = Math.floor(clients / DRIVERS) + (i < clients % DRIVERS ? 1 : 0)
      if (share === 0) continue
      const deadlineMs = cluster === undefined ? DEADLINE_MS : CLUSTER_DEADLINE_MS
      // The clients of an earlier commit (--upgrade) know of one database.
      const [{ urls }] = /** @type {[Shard]} */ (shards)
      const argument = { shards, urls, databaseUrl, clients: share, seed: seed + 1 + i, deadlineMs, plant }
      drivers.push(await start(`clients ${i + 1}`, 'driver', argument))
    }
    /** The first processes of PostgreSQL, of each node that runs. */
    const postgresPids = () =>
      cluster === undefined
        ? [postgres.pid()]
        : cluster.nodes.map(({ postmaster }) => postmaster()).filter((pid) => pid > 0)
    return {
      ...{ postgres, cluster, postgresPids, databaseUrl, shards, limits },
      ...{ custodianUrl, secret: SECRET, custodian, servers, drivers, stop },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @typedef {Awaited<ReturnType<typeof startFleet>>} Fleet */
/** A database, each byte of its master key, and its servers. @typedef {{ databaseUrl: string, key: number, urls: string[] }} Shard */

/** @param {string} admin @param {string} name */
async function createDatabase(admin, name) {
  await ask(admin, `create database ${name}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return url.href
}

/** @param {import('./ha/cluster.mjs').Cluster} cluster @param {string} name @returns {Promise<string>} the URL through the pooler */
async function createOnCluster({ nodes, nodeUrl, url }, name) {
  const [first] = /** @type {[import('./ha/node.mjs').Node]} */ (nodes)
  await ask(nodeUrl(first, 'postgres'), `create database ${name}`)
  return url(name)
}

/** One statement on a connection of its own. @param {string} url @param {string} sql @returns {Promise<any[]>} */
export async function ask(url, sql) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  // A database that crashes is part of the run.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}
