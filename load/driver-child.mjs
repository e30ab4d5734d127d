// @ts-check
// Many clients in one process: each takes a wallet that is idle, does something with it, and takes the next.
import { setTimeout as wait } from 'node:timers/promises'
import { generateX25519Identity } from 'age-encryption'
import { custom } from 'reshare/backup'
import { act, generate, MIX, newLine, settle } from './actions.mjs'
import { answerCalls, argument } from './calls.mjs'
import { createDevice } from './device.mjs'
import { createHomes } from './shards/homes.mjs'
import { createNetwork } from './network.mjs'
import { forgetfulStore } from './plants.mjs'
import { createRandom } from './random.mjs'
import { createTally } from './tally.mjs'
import { verify } from './verify.mjs'
import { isUnsure, liveDevices } from './wallets.mjs'

/** The chance that the process of a device ends in an action, and within how many requests. */
const ENDS = { chance: 0.03, within: 8 }
/** How many wallets are made or verified at once. */
const WIDTH = 8

/** @typedef {import('./wallets.mjs').Line} Line */

/** @type {{ shards: { urls: string[], databaseUrl: string }[], clients: number, seed: number, deadlineMs: number, plant?: string }} */
const { shards, clients, seed, deadlineMs, plant } = argument()
const random = createRandom(seed)
const homes = createHomes(shards, random)
const network = createNetwork(homes.urlsOf, random)
const tally = createTally()

const mayEnd = (/** @type {import('./device.mjs').Device} */ device) => {
  if (network.troubled && random.next() < ENDS.chance) device.endAfter(1 + random.below(ENDS.within))
}
const forget = () => random.next() < 0.3

/** @type {import('./actions.mjs').World} */
const world = {
  random,
  method: custom({ identities: [await generateX25519Identity()] }),
  timed: tally.timed,
  mostDevices: 3,
  rotates: () => random.next() < 0.5,
  createToken: homes.createToken,
  createDevice(token) {
    const device = createDevice(
      network,
      token,
      deadlineMs,
      plant === 'client' ? (store) => forgetfulStore(store, forget) : undefined,
    )
    mayEnd(device)
    return device
  },
}

/** Wallets that nobody is at work on. @type {Line[]} */
const idle = []
/** @type {string[]} */
const losses = []
/** @type {Set<Line>} */
const all = new Set()

/** Does one thing. What it fails with has been counted. */
async function turn() {
  const action = random.weighted(MIX)
  const line = action === 'generate' || idle.length === 0 ? await begin() : take()
  if (line === undefined) return
  try {
    if (line.walletId === undefined && !all.has(line)) {
      all.add(line)
      await generate(world, line)
    } else {
      for (const device of line.devices) if (device.ended) device.restart()
      if (isUnsure(line) && !(await settle(world, line))) all.delete(line)
      else if (line.walletId !== undefined) await actOn(line, action)
    }
  } catch {
    await wait(20)
  }
  for (const device of liveDevices(line)) if (device.ended) device.restart()
  if (all.has(line)) idle.push(line)
}

/** Tokens are made beside the servers: while the database is down there are none, and another turn tries again. */
async function begin() {
  try {
    return await newLine(world)
  } catch {
    await wait(100)
    return undefined
  }
}

function take() {
  const [line] = idle.splice(random.below(idle.length), 1)
  return line
}

/** @param {Line} line @param {import('./actions.mjs').Action} action */
async function actOn(line, action) {
  if (liveDevices(line).length === 0) {
    all.delete(line)
    losses.push('no device has a set')
    return
  }
  for (const device of liveDevices(line)) mayEnd(device)
  await act(world, line, action === 'generate' ? 'sign ed25519' : action)
}

/** One client after another, each at its own pace. @param {number} until */
async function closedLoop(until) {
  while (Date.now() < until) await turn()
}

/**
 * So many new turns a second, whether or not the ones before have ended; what waits for a client has begun.
 *
 * @param {number} until @param {number} rate
 */
async function openLoop(until, rate) {
  let busy = 0
  /** @type {number[]} */
  const arrived = []
  /** @type {Set<Promise<void>>} */
  const running = new Set()
  const work = async () => {
    for (let start = arrived.shift(); start !== undefined; start = arrived.shift()) {
      await turn()
      tally.note('arrival to end', performance.now() - start)
    }
    busy -= 1
  }
  while (Date.now() < until) {
    await wait((-Math.log(1 - random.next()) / rate) * 1000)
    arrived.push(performance.now())
    if (busy === clients) continue
    busy += 1
    const client = work()
    running.add(client)
    void client.then(() => running.delete(client))
  }
  await Promise.all(running)
}

/** @template T @param {number} width @param {readonly T[]} list @param {(one: T) => Promise<unknown>} work */
async function side(width, list, work) {
  const left = list.values()
  const one = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: width }, one))
}

answerCalls({
  /** As many wallets as there are clients, so that each finds one that is idle. */
  async fill() {
    await side(WIDTH, Array.from({ length: clients }), async () => {
      const line = await newLine(world)
      all.add(line)
      // What has failed is found out about when a client takes it.
      await generate(world, line).catch(() => undefined)
      idle.push(line)
    })
    tally.take()
  },
  async run(/** @type {{ until: number, rate: number | undefined }} */ { until, rate }) {
    if (rate !== undefined) await openLoop(until, rate)
    else await Promise.all(Array.from({ length: clients }, () => closedLoop(until)))
  },
  /** A client was moved, as the app's backend learns. @param {{ clientId: string, shard: number }} moved */
  route: ({ clientId, shard }) => homes.move(clientId, shard),
  trouble(/** @type {boolean} */ on) {
    network.troubled = on
  },
  take: () => tally.take(),
  network: () => ({
    attempts: network.attempts,
    failures: network.failures,
    fates: network.fates,
    refused: network.refused,
    unanswered: network.unanswered,
  }),
  /** All wallets, whatever became of them. */
  async verify() {
    /** @type {string[]} */
    const walletIds = []
    await side(WIDTH, [...all], async (line) => {
      const found = await verify(world, line)
      if (found.exists) walletIds.push(/** @type {string} */ (line.walletId))
      if (found.losses.length > 0) losses.push(`wallet ${line.walletId}: ${found.losses.join(', ')}`)
    })
    return { walletIds, losses }
  },
  /** Does one action over and over with nothing else going on, all of it at the first server: of one wallet, or of each in turn. */
  async repeat(/** @type {{ action: import('./actions.mjs').Action, count: number, spread?: boolean }} */ repetition) {
    const { action, count, spread = false } = repetition
    // Of each wallet the first device, which has proven its set long ago.
    const first = { ...random, pick: (/** @type {readonly any[]} */ list) => list[0] }
    const quiet = {
      ...world,
      ...(spread && { random: first }),
      mostDevices: Number.POSITIVE_INFINITY,
      rotates: () => false,
    }
    network.single = true
    network.attempts = 0
    const lines = idle.filter((one) => liveDevices(one).length > 0)
    if (lines.length === 0) throw new Error('no wallet could be made')
    for (let i = 0; i < count; i++) {
      if (action === 'generate') {
        const made = await newLine(world)
        all.add(made)
        await generate(quiet, made)
        idle.push(made)
      } else await act(quiet, /** @type {Line} */ (lines[spread ? i % lines.length : 0]), action)
    }
    network.single = false
    return { attempts: network.attempts, counts: tally.take() }
  },
})
process.send?.({ ready: true })
