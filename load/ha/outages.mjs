// @ts-check
// What goes wrong in a cluster while clients are at work, one thing after another.
import { setTimeout as wait } from 'node:timers/promises'
import { findEtcdLeader } from './cluster.mjs'
import { until } from './programs.mjs'

/** How long a node stays lost once another is primary, and how long everything is well between two outages. */
const LOST_MS = 4000
const PAUSE_MS = 3000
/** No outage begins with less time left: the clients shall see its end. */
const LAST_MS = 30_000
/** How long a primary may take to be replaced: the clients' deadline. */
const FAILOVER_SECONDS = 120

/** @typedef {import('./cluster.mjs').Cluster} Cluster */

/**
 * What happened, and when: by `Date.now()`.
 *
 * @typedef {object} Outage
 * @property {string} name
 * @property {number} began
 * @property {number} [replaced] another node was primary
 * @property {number} whole everything was well again
 * @property {number} refused requests that were answered by 503 until then
 * @property {number} unanswered requests that got no answer
 */

/** Each in the order of a run. @type {readonly (readonly [name: string, work: (cluster: Cluster) => Promise<number | undefined>])[]} */
export const OUTAGES = [
  ['PgBouncer restarted', restart('pgbouncer')],
  [
    'primary killed',
    lose(
      (node) => node.kill(),
      (node) => node.start(),
    ),
  ],
  ['HAProxy restarted', restart('haproxy')],
  [
    'primary frozen',
    lose(
      (node) => node.freeze(),
      (node) => node.thaw(),
    ),
  ],
  ['switchover', switchOver],
  [
    'primary cut off',
    lose(
      (node) => node.cutOff(),
      (node) => node.reconnect(),
    ),
  ],
  ["etcd's leader killed", loseEtcdLeader],
]

/**
 * Begins with the first and goes round until there is no time left.
 *
 * @param {import('../fleet.mjs').Fleet} fleet
 * @param {number} seconds of load
 * @param {(line: string) => void} say
 */
export function startOutages(fleet, seconds, say) {
  const cluster = /** @type {Cluster} */ (fleet.cluster)
  const end = Date.now() + 1000 * seconds
  /** @type {Outage[]} */
  const outages = []
  const running = (async () => {
    for (let turn = 0; ; turn++) {
      await wait(PAUSE_MS)
      if (Date.now() > end - LAST_MS && turn > 0) return
      const [name, work] = /** @type {(typeof OUTAGES)[number]} */ (OUTAGES[turn % OUTAGES.length])
      const before = await countFailures(fleet)
      const began = Date.now()
      const replaced = await work(cluster)
      await until('the cluster is whole again', cluster.isWhole, 120)
      const after = await countFailures(fleet)
      const outage = {
        ...{ name, began, whole: Date.now() },
        ...(replaced === undefined ? {} : { replaced }),
        refused: after.refused - before.refused,
        unanswered: after.unanswered - before.unanswered,
      }
      outages.push(outage)
      say(`${name}: whole after ${((outage.whole - began) / 1000).toFixed(1)} s`)
    }
  })()
  // Whoever waits for it gets the error.
  running.catch(() => console.error(cluster.logs()))
  return {
    async stop() {
      await running
      return outages
    },
  }
}

/** Of all clients so far. @param {import('../fleet.mjs').Fleet} fleet */
async function countFailures({ drivers }) {
  const all = await Promise.all(drivers.map((driver) => driver.call('network')))
  return {
    refused: all.reduce((sum, { refused }) => sum + refused, 0),
    unanswered: all.reduce((sum, { unanswered }) => sum + unanswered, 0),
  }
}

/** Waits for it: on a busy machine Patroni's answer may take longer than it is waited for. @param {Cluster} cluster */
export async function findPrimary(cluster) {
  /** @type {import('./node.mjs').Node | undefined} */
  let primary
  await until('a node is primary', async () => (primary = await cluster.primary()) !== undefined)
  return /** @type {import('./node.mjs').Node} */ (/** @type {unknown} */ (primary))
}

/** @param {Cluster} cluster @param {import('./node.mjs').Node} before */
export async function untilReplaced(cluster, before) {
  const isReplaced = async () => {
    const now = await cluster.primary()
    return now !== undefined && now !== before
  }
  await until('another node is primary', isReplaced, FAILOVER_SECONDS)
  return Date.now()
}

/** @param {(node: import('./node.mjs').Node) => unknown} harm @param {(node: import('./node.mjs').Node) => unknown} mend */
function lose(harm, mend) {
  return async (/** @type {Cluster} */ cluster) => {
    const primary = await findPrimary(cluster)
    await harm(primary)
    const replaced = await untilReplaced(cluster, primary)
    await wait(LOST_MS)
    mend(primary)
    return replaced
  }
}

/** @param {'haproxy' | 'pgbouncer'} name */
function restart(name) {
  return async (/** @type {Cluster} */ cluster) => {
    await cluster[name].end()
    cluster[name].start()
    return undefined
  }
}

/** As an operator asks Patroni for it. @param {Cluster} cluster */
async function switchOver(cluster) {
  const primary = await findPrimary(cluster)
  const response = await fetch(`http://127.0.0.1:${primary.restPort}/switchover`, {
    method: 'POST',
    body: JSON.stringify({ leader: primary.name }),
  })
  if (!response.ok) throw new Error(`Patroni refuses a switchover: ${await response.text()}`)
  return untilReplaced(cluster, primary)
}

/** @param {Cluster} cluster */
async function loseEtcdLeader({ etcds }) {
  const leader = await findEtcdLeader(etcds)
  await leader.end()
  await until('another etcd leads', async () => (await findEtcdLeader(etcds)) !== leader, FAILOVER_SECONDS)
  await wait(LOST_MS)
  leader.start()
  return undefined
}
