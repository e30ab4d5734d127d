// @ts-check
// One node: Patroni with its PostgreSQL, and the process that is its network.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { descendants } from '../proc.mjs'
import { createProgram, findProgram } from './programs.mjs'

/**
 * What Patroni says of its node.
 *
 * @typedef {object} NodeStatus
 * @property {string} state
 * @property {string} role
 * @property {number} [timeline]
 * @property {boolean} [sync_standby]
 * @property {{ state: string }[]} [replication] of a primary: to each standby
 */

/** @typedef {ReturnType<typeof createNode>} Node */

/**
 * @param {import('./plan.mjs').Plan} plan
 * @param {import('./plan.mjs').NodePlan} node
 * @param {{ patroniFile: string, networkFile: string }} files
 * @param {{ cwd: string, account: { uid: number, gid: number } | undefined }} how
 */
export function createNode({ folder }, node, { patroniFile, networkFile }, how) {
  const { name } = node
  const patroni = createProgram(`patroni of ${name}`, [findProgram('patroni'), patroniFile], how)
  const network = createProgram(`network of ${name}`, [findProgram('haproxy'), '-db', '-f', networkFile], how)
  const pidFile = join(folder, `${name}-data`, 'postmaster.pid')

  /** Patroni starts PostgreSQL so that it outlives Patroni. */
  function postmaster() {
    if (!existsSync(pidFile)) return 0
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
    return isPostgres(pid) ? pid : 0
  }

  /** To Patroni and every process of PostgreSQL, those that start them first. @param {NodeJS.Signals} signal */
  function sendAll(signal) {
    patroni.send(signal)
    const first = postmaster()
    if (first === 0) return
    signalProcess(first, signal)
    for (const pid of descendants(first)) signalProcess(pid, signal)
  }

  return {
    ...node,
    patroni,
    network,
    postmaster,
    start() {
      if (!network.isRunning()) network.start()
      patroni.start()
    },
    /** As when its machine loses its power. */
    async kill() {
      const first = postmaster()
      const all = first === 0 ? [] : [first, ...descendants(first)]
      await patroni.end()
      for (const pid of all) signalProcess(pid, 'SIGKILL')
      while (all.some(isPostgres)) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    /** As when its machine stands still. */
    freeze: () => sendAll('SIGSTOP'),
    thaw: () => sendAll('SIGCONT'),
    /** As when the way to the standbys is slow: nothing more is sent to them. Clients notice nothing unless one is synchronous. */
    stopReplication() {
      for (const pid of descendants(postmaster())) if (isWalSender(pid)) signalProcess(pid, 'SIGSTOP')
    },
    /** As when its cable is pulled: what is sent arrives late, or never. */
    cutOff: () => network.send('SIGSTOP'),
    reconnect: () => network.send('SIGCONT'),
    /** @returns {Promise<NodeStatus>} */
    async status() {
      const signal = AbortSignal.timeout(2000)
      const response = await fetch(`http://127.0.0.1:${node.restPort}/patroni`, { signal })
      return /** @type {NodeStatus} */ (await response.json())
    },
    async end() {
      network.send('SIGCONT')
      sendAll('SIGCONT')
      await this.kill()
      await network.end()
    },
  }
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalProcess(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

/** The process lives and is one of PostgreSQL: the number may be another's by now. @param {number} pid */
function isPostgres(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes('(postgres) ') && !isZombie(pid)
  } catch {
    return false
  }
}

/** PostgreSQL's processes say what they do. @param {number} pid */
function isWalSender(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('walsender')
  } catch {
    return false
  }
}

/** @param {number} pid */
const isZombie = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
