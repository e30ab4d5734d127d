// @ts-check
import { setTimeout as wait } from 'node:timers/promises'

/** How long between two servers that are killed, on average. */
const KILL_MS = 4000
/** When PostgreSQL crashes, as shares of the run. */
const CRASHES = [0.25, 0.5, 0.75]

/**
 * Lets things go wrong until the run ends. The first server is spared, so that its memory is seen over the whole run.
 *
 * @param {import('./fleet.mjs').Fleet} fleet
 * @param {import('./random.mjs').Random} random
 * @param {number} seconds
 */
export function startFaults({ servers, drivers, custodian, postgres }, random, seconds) {
  const counts = { serversKilled: 0, postgresCrashes: 0, postgresSecondsDown: 0 }
  const mortal = servers.slice(1)
  let going = true
  const tell = (/** @type {boolean} */ on) =>
    Promise.all([...drivers, custodian].map((sessionIndex) => sessionIndex.call('trouble', on)))

  const killing = async () => {
    for (;;) {
      await wait(KILL_MS * (0.5 + random.next()))
      if (!going || mortal.length === 0) return
      await random.pick(mortal).restart()
      counts.serversKilled += 1
    }
  }
  const crashing = async () => {
    let before = 0
    for (const share of CRASHES) {
      await wait((share - before) * seconds * 1000)
      before = share
      const start = performance.now()
      await postgres.restart()
      counts.postgresCrashes += 1
      counts.postgresSecondsDown += (performance.now() - start) / 1000
    }
  }
  const all = Promise.all([tell(true), killing(), crashing()])
  return {
    counts,
    async stop() {
      going = false
      await all
      await tell(false)
    },
  }
}
