// @ts-check
// Three PostgreSQL nodes under Patroni with etcd, HAProxy to the primary, and PgBouncer in front, on loopback ports.
import { randomBytes } from 'node:crypto'
import { chownSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findPostgresProgram, serverAccount } from '../../scripts/test-postgres.mjs'
import { createNode } from './node.mjs'
import * as plans from './plan.mjs'
import { createProgram, findProgram, untilStarted } from './programs.mjs'

/** @typedef {Awaited<ReturnType<typeof startCluster>>} Cluster */

/**
 * Starts a cluster with its data in a temporary folder.
 *
 * @param {{ synchronous: boolean, random: import('../random.mjs').Random, signal: AbortSignal }} options `signal` ends the start
 */
export async function startCluster({ synchronous, random, signal }) {
  const postgres = findPostgresProgram('postgres')
  if (postgres === undefined) throw new Error('PostgreSQL is not installed: .ci/load installs what the run needs')
  // Patroni wants all of PostgreSQL's programs; a link on PATH may be of one alone.
  const binFolder = dirname(realpathSync(postgres))
  const account = serverAccount()
  const folder = mkdtempSync(join(tmpdir(), 'reshare-cluster-'))
  if (account) chownSync(folder, account.uid, account.gid)
  const ports = await plans.findPorts(plans.PORTS, random)
  const plan = plans.createPlan({ folder, password: randomBytes(16).toString('hex'), synchronous, ports })
  const how = { cwd: folder, account }
  const file = (/** @type {string} */ name, /** @type {string} */ text) => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    if (account) chownSync(path, account.uid, account.gid)
    return path
  }
  const etcd = findProgram('etcd')
  const etcds = plan.etcds.map((one) => ({
    ...one,
    ...createProgram(one.name, [etcd, ...plans.etcdArguments(plan, one)], how),
  }))
  const nodes = plan.nodes.map((one) => {
    const patroni = JSON.stringify(plans.patroniConfig(plan, one, binFolder))
    const patroniFile = file(`${one.name}.yaml`, patroni)
    const networkFile = file(`${one.name}-network.cfg`, plans.networkConfig(plan, one))
    return createNode(plan, one, { patroniFile, networkFile }, how)
  })
  const haproxyFile = file('haproxy.cfg', plans.haproxyConfig(plan))
  const haproxy = createProgram('haproxy', [findProgram('haproxy'), '-db', '-f', haproxyFile], how)
  const pgbouncerFile = file('pgbouncer.ini', plans.pgbouncerConfig(plan))
  const pgbouncer = createProgram('pgbouncer', [findProgram('pgbouncer'), pgbouncerFile], how)
  const programs = [...etcds, ...nodes.flatMap(({ patroni, network }) => [patroni, network]), haproxy, pgbouncer]

  const cluster = {
    ...{ nodes, etcds, haproxy, pgbouncer },
    /** Through PgBouncer and HAProxy. @param {string} database */
    url: (database) => `postgres://anybody@127.0.0.1:${plan.pgbouncerPort}/${database}`,
    /** Of one node, past everything. @param {import('./plan.mjs').NodePlan} node @param {string} database */
    nodeUrl: (node, database) => `postgres://postgres:${plan.password}@127.0.0.1:${node.postgresPort}/${database}`,
    primary: () => findPrimary(nodes),
    /** Whether one node is primary, the others follow it, and one of them is synchronous if one has to be. */
    isWhole: () => isWhole(nodes, synchronous),
    logs: () => programs.map(({ name, log }) => `--- ${name}\n${log()}`).join('\n'),
    async stop() {
      await Promise.all([haproxy.end(), pgbouncer.end(), ...nodes.map((node) => node.end())])
      await Promise.all(etcds.map(({ end }) => end()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    for (const { start } of etcds) start()
    // Patroni ends if it finds none that leads.
    await untilStarted('an etcd leads', { programs, signal }, async () => (await findEtcdLeader(etcds)) !== undefined)
    const [first, ...others] = nodes
    first?.start()
    await untilStarted(
      'the first node is primary',
      { programs, signal },
      async () => (await findPrimary(nodes)) === first,
    )
    for (const node of others) node.start()
    haproxy.start()
    pgbouncer.start()
    await untilStarted('the cluster is whole', { programs, signal }, cluster.isWhole)
    return cluster
  } catch (error) {
    if (!signal.aborted) console.error(cluster.logs())
    await cluster.stop()
    throw error
  }
}

/** Patroni's word for a primary has changed with its version. @param {string} role */
const isPrimary = (role) => role === 'master' || role === 'primary'

/**
 * The node whose Patroni holds the lock.
 *
 * @param {readonly import('./node.mjs').Node[]} nodes
 * @returns {Promise<import('./node.mjs').Node | undefined>}
 */
async function findPrimary(nodes) {
  const found = await Promise.all(nodes.map((node) => hasLock(node).catch(() => false)))
  return nodes[found.indexOf(true)]
}

/** @param {import('./node.mjs').Node} node */
async function hasLock({ restPort }) {
  const response = await fetch(`http://127.0.0.1:${restPort}/primary`, {
    method: 'OPTIONS',
    signal: AbortSignal.timeout(1000),
  })
  return response.status === 200
}

/**
 * The one that says so of itself.
 *
 * @template {import('./programs.mjs').Program & { clientPort: number }} Etcd
 * @param {readonly Etcd[]} etcds
 */
export async function findEtcdLeader(etcds) {
  for (const etcd of etcds) {
    if (!etcd.isRunning()) continue
    const response = await fetch(`http://127.0.0.1:${etcd.clientPort}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(2000),
    })
    const { header, leader } = /** @type {{ header: { member_id: string }, leader: string }} */ (await response.json())
    if (header.member_id === leader) return etcd
  }
  throw new Error('no etcd leads')
}

/** @param {readonly import('./node.mjs').Node[]} nodes @param {boolean} synchronous */
async function isWhole(nodes, synchronous) {
  const all = await Promise.all(nodes.map((node) => node.status()))
  const [primary, ...more] = all.filter(({ role }) => isPrimary(role))
  if (primary === undefined || more.length > 0) return false
  const streaming = primary.replication?.filter(({ state }) => state === 'streaming') ?? []
  const standbys = all.filter(({ sync_standby: isSynchronous }) => isSynchronous === true)
  return (
    all.every(({ state, timeline }) => state === 'running' && timeline === primary.timeline) &&
    streaming.length === nodes.length - 1 &&
    standbys.length === (synchronous ? 1 : 0)
  )
}
