// @ts-check
// Moves clients between the shards by `reshare-server move-client`, and kills some of its processes.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ask } from '../fleet.mjs'

const PROGRAM = fileURLToPath(new URL('./mover-child.mjs', import.meta.url))
/** How many of the processes are killed, and within how long. */
const KILLED = { chance: 0.3, withinMs: 1500 }

/** @typedef {{ clientId: string, from: number, to: number }} Way */

/**
 * @param {import('../fleet.mjs').Fleet} fleet
 * @param {import('../random.mjs').Random} random
 */
export function startMover({ shards, drivers }, random) {
  const counts = { arrived: 0, moved: 0, killed: 0 }
  /** What went wrong, and how often. @type {Record<string, number>} */
  const failures = {}
  /** Clients that have arrived, and have not been seen to sign yet. @type {Way[]} */
  const arrived = []
  const state = { wanted: true }

  /** @param {Way} way @param {string[]} flags @param {boolean} mayDie @returns {Promise<string | undefined>} how far it is */
  const run = async (way, flags, mayDie) => {
    const { code, said, killed } = await runProcess(way, flags, mayDie)
    if (killed) {
      counts.killed += 1
      return undefined
    }
    if (code === 0) return JSON.parse(said.out).state
    const text = said.err.split('\n')[0] ?? ''
    failures[text] = (failures[text] ?? 0) + 1
    return undefined
  }

  /** @param {Way} way @param {string[]} flags @param {boolean} mayDie */
  const runProcess = ({ clientId, from, to }, flags, mayDie) => {
    const [source, target] = /** @type {[import('../fleet.mjs').Shard, import('../fleet.mjs').Shard]} */ ([
      shards[from],
      shards[to],
    ])
    const child = spawn(process.execPath, [PROGRAM, 'move-client', clientId, ...flags], {
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: source.databaseUrl,
        RESHARE_MASTER_KEY: keyOf(source),
        RESHARE_TARGET_DATABASE_URL: target.databaseUrl,
        RESHARE_TARGET_MASTER_KEY: keyOf(target),
      },
    })
    const said = { out: '', err: '' }
    child.stdout.on('data', (text) => (said.out += text))
    child.stderr.on('data', (text) => (said.err += text))
    const killing =
      mayDie && random.next() < KILLED.chance
        ? setTimeout(() => child.kill('SIGKILL'), KILLED.withinMs * random.next())
        : undefined
    return new Promise((resolve) =>
      child.on('close', (code, signal) => {
        clearTimeout(killing)
        resolve({ code, said, killed: signal === 'SIGKILL' })
      }),
    )
  }

  /** @param {Way} way */
  const moveOne = async (way) => {
    for (let state; state === undefined;) {
      state = await run(way, [], true)
      if (state === undefined && Object.keys(failures).length > 0) return
    }
    counts.arrived += 1
    await Promise.all(drivers.map((driver) => driver.call('route', { clientId: way.clientId, shard: way.to })))
    arrived.push(way)
  }
  const finishOldest = async () => {
    const way = arrived.shift()
    if (way === undefined) return
    if ((await run(way, [], true)) === 'moved') counts.moved += 1
    else arrived.push(way)
  }
  const loop = async () => {
    while (state.wanted && Object.keys(failures).length === 0) {
      const from = random.below(shards.length)
      const clientId = await findClient(/** @type {import('../fleet.mjs').Shard} */ (shards[from]))
      const isMoving = arrived.some((way) => way.clientId === clientId)
      if (clientId !== undefined && !isMoving) await moveOne({ clientId, from, to: 1 - from })
      await finishOldest()
    }
  }
  const running = loop()
  return {
    counts,
    failures,
    /** Finishes what is under way, also of clients that have not signed since. */
    async stop() {
      state.wanted = false
      await running
      for (const way of arrived) if ((await run(way, ['--unused'], false)) === 'moved') counts.moved += 1
    },
  }
}

/** @param {import('../fleet.mjs').Shard} shard */
const keyOf = ({ key }) => key.toString(16).padStart(2, '0').repeat(32)

/** Any client that signs in a shard. @param {import('../fleet.mjs').Shard} shard @returns {Promise<string | undefined>} */
async function findClient({ databaseUrl }) {
  const [row] = await ask(
    databaseUrl,
    `select client_id from reshare_sets where purpose = 'signing' and state = 'ACTIVE' and client_id not in
       (select client_id from reshare_client_moves where state <> 'HERE') order by random() limit 1`,
  )
  return row?.client_id
}
