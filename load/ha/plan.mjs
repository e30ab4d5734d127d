// @ts-check
// What a cluster consists of, and the configuration of each of its programs.
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'

/** Nodes of PostgreSQL, and as many of etcd: one may be lost. */
export const NODES = 3
/** A node's: PostgreSQL and Patroni by themselves, both as the others reach them, and each etcd as the node reaches it. */
const NODE_PORTS = 4 + NODES
/** Of an etcd: for its clients, and for the others. */
const ETCD_PORTS = 2
/** Also HAProxy's and PgBouncer's. */
export const PORTS = NODES * (NODE_PORTS + ETCD_PORTS) + 2

/**
 * How soon the cluster gives up a primary that does not renew its lock, in seconds. The time without writes is about `ttl`:
 * ten times shorter than Patroni's defaults allow, for a run of minutes.
 */
const LOCK = { ttl: 12, loop_wait: 2, retry_timeout: 4 }

/**
 * @typedef {object} EtcdPlan
 * @property {string} name
 * @property {number} clientPort
 * @property {number} peerPort
 *
 * @typedef {object} NodePlan
 * @property {string} name
 * @property {number} postgresPort
 * @property {number} restPort Patroni's
 * @property {number} postgresPublicPort where others reach its PostgreSQL, through the node's network
 * @property {number} restPublicPort where others reach its Patroni
 * @property {number[]} etcdPorts where it reaches each etcd
 *
 * @typedef {object} Plan
 * @property {string} folder
 * @property {string} password of every role
 * @property {boolean} synchronous
 * @property {EtcdPlan[]} etcds
 * @property {NodePlan[]} nodes
 * @property {number} haproxyPort
 * @property {number} pgbouncerPort
 */

/**
 * @param {{ folder: string, password: string, synchronous: boolean, ports: readonly number[] }} parts `ports`: PORTS of them
 * @returns {Plan}
 */
export function createPlan({ folder, password, synchronous, ports }) {
  if (new Set(ports).size !== PORTS) throw new RangeError(`a cluster needs ${PORTS} different ports`)
  const left = [...ports]
  const next = () => /** @type {number} */ (left.shift())
  const each = Array.from({ length: NODES }, (_, i) => i + 1)
  return {
    ...{ folder, password, synchronous },
    etcds: each.map((i) => ({ name: `etcd${i}`, clientPort: next(), peerPort: next() })),
    nodes: each.map((i) => ({
      name: `node${i}`,
      postgresPort: next(),
      restPort: next(),
      postgresPublicPort: next(),
      restPublicPort: next(),
      etcdPorts: each.map(next),
    })),
    haproxyPort: next(),
    pgbouncerPort: next(),
  }
}

/**
 * Free loopback ports below those that Linux gives to outgoing connections (32768 and above): a program that is started
 * again finds its port free.
 *
 * @param {number} count
 * @param {import('../random.mjs').Random} random
 */
export async function findPorts(count, random) {
  /** @type {Set<number>} */
  const found = new Set()
  while (found.size < count) {
    const port = 20_000 + random.below(12_000)
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

/** @param {number} port */
async function isFree(port) {
  const server = createServer().listen(port, '127.0.0.1')
  const free = await Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ]).catch(() => false)
  server.close()
  return free
}

/** @param {Plan} plan @param {EtcdPlan} etcd @returns {string[]} */
export function etcdArguments({ folder, etcds }, { name, clientPort, peerPort }) {
  const client = `http://127.0.0.1:${clientPort}`
  const peer = `http://127.0.0.1:${peerPort}`
  const members = etcds.map((other) => `${other.name}=http://127.0.0.1:${other.peerPort}`)
  return [
    ...['--name', name, '--data-dir', join(folder, name), '--log-level', 'warn', '--logger', 'zap'],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', members.join(), '--initial-cluster-state', 'new'],
    // Cores that are busy must not look like an etcd that is lost.
    ...['--heartbeat-interval', '250', '--election-timeout', '2500'],
  ]
}

/**
 * Patroni's configuration of one node; JSON is YAML.
 *
 * @param {Plan} plan
 * @param {NodePlan} node
 * @param {string} binFolder of PostgreSQL's programs
 */
export function patroniConfig({ folder, password, synchronous }, node, binFolder) {
  const role = (/** @type {string} */ username) => ({ username, password })
  return {
    scope: 'reshare',
    name: node.name,
    restapi: { listen: `127.0.0.1:${node.restPort}`, connect_address: `127.0.0.1:${node.restPublicPort}` },
    // As proxies: otherwise Patroni asks etcd for its members, and goes to them past the node's network.
    etcd3: { hosts: node.etcdPorts.map((port) => `127.0.0.1:${port}`), use_proxies: true },
    bootstrap: {
      dcs: {
        ...LOCK,
        // A primary that has crashed is replaced at once, not waited for.
        primary_start_timeout: 0,
        // Strict: without a synchronous standby there is no commit.
        synchronous_mode: synchronous,
        synchronous_mode_strict: synchronous,
        // Asynchronous standbys may be taken however late they are: what is lost then is what is to be shown.
        maximum_lag_on_failover: 2 ** 30,
        postgresql: {
          use_pg_rewind: true,
          parameters: { max_connections: 200, shared_buffers: '128MB', wal_keep_size: '512MB', lock_timeout: '5s' },
        },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'data-checksums'],
    },
    postgresql: {
      listen: `127.0.0.1:${node.postgresPort}`,
      connect_address: `127.0.0.1:${node.postgresPublicPort}`,
      data_dir: join(folder, `${node.name}-data`),
      bin_dir: binFolder,
      pgpass: join(folder, `${node.name}-pgpass`),
      authentication: { superuser: role('postgres'), replication: role('replicator'), rewind: role('rewind') },
      basebackup: { checkpoint: 'fast' },
      parameters: { unix_socket_directories: folder },
      pg_hba: ['host all all 127.0.0.1/32 scram-sha-256', 'host replication replicator 127.0.0.1/32 scram-sha-256'],
    },
  }
}

const HAPROXY_DEFAULTS = `global
  nbthread 1
  maxconn 2000
defaults
  mode tcp
  timeout connect 3s
  timeout client 1h
  timeout server 1h
  timeout check 1s
`

/**
 * A node's network: all that the others send to it, and all that it sends to etcd, passes through this process. Stopped,
 * it cuts the node off, without privileges of the network.
 *
 * @param {Plan} plan
 * @param {NodePlan} node
 */
export function networkConfig({ etcds }, node) {
  const pass = (/** @type {string} */ name, /** @type {number} */ from, /** @type {number} */ to) =>
    `listen ${name}\n  bind 127.0.0.1:${from}\n  server ${name} 127.0.0.1:${to}\n`
  return [
    HAPROXY_DEFAULTS,
    pass('postgres', node.postgresPublicPort, node.postgresPort),
    pass('patroni', node.restPublicPort, node.restPort),
    ...etcds.map(({ name, clientPort }, i) => pass(name, /** @type {number} */ (node.etcdPorts[i]), clientPort)),
  ].join('')
}

/**
 * To the primary alone, which is the node whose Patroni says so. Until HAProxy has asked them it takes all nodes for up:
 * unless there is exactly one, nobody gets through, so that no server reads from a standby that is behind.
 *
 * @param {Plan} plan
 */
export function haproxyConfig({ nodes, haproxyPort }) {
  const server = (/** @type {NodePlan} */ { name, postgresPublicPort, restPublicPort }) =>
    `  server ${name} 127.0.0.1:${postgresPublicPort} check port ${restPublicPort}\n`
  return `${HAPROXY_DEFAULTS}frontend postgres
  bind 127.0.0.1:${haproxyPort}
  tcp-request connection reject unless { nbsrv(primary) eq 1 }
  default_backend primary
backend primary
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 1s fastinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
${nodes.map(server).join('')}`
}

/** @param {Plan} plan */
export function pgbouncerConfig({ password, haproxyPort, pgbouncerPort }) {
  return `[databases]
* = host=127.0.0.1 port=${haproxyPort} user=postgres password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${pgbouncerPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 50
max_client_conn = 500
server_connect_timeout = 5
server_login_retry = 1
query_wait_timeout = 10
`
}
