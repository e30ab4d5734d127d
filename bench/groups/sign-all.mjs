// @ts-check
// A transaction of Bitcoin with many inputs, signed input by input and all at once: requests, bytes and time of both sides.
import { createClient, generateWallet, preprocessSignatures, sign, signAll } from 'reshare'
import { createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { memoryStore } from 'reshare/storage'
import { inProcessTransport } from 'reshare/transport'
import { digits, spread, summary, table } from '../support/statistics.mjs'

export const title = 'A transaction of 20 inputs'
export const caption = 'ms of both sides, until all inputs are signed'

const INPUTS = 20
const RUNS = 9
const WARM_UP = 2

/**
 * @typedef {object} Row `ratio` is what `signAll` takes of the time of `sign`, run by run; none for `sign` itself
 * @property {string} name
 * @property {number} requests
 * @property {number} up
 * @property {number} down
 * @property {import('../support/statistics.mjs').Summary} time in milliseconds
 * @property {import('../support/statistics.mjs').Summary} [ratio]
 */

export async function run() {
  const database = pgliteDatabase()
  try {
    return await measure(database)
  } finally {
    await database.close()
  }
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  const header = ['20 inputs', 'requests', 'bytes up', 'bytes down', 'ms', '× one by one']
  const cells = rows.map(({ name, requests, up, down, time, ratio }) => [
    name,
    ...[requests, Math.round(up), Math.round(down)].map(String),
    spread(time),
    ratio ? spread(ratio) : '',
  ])
  return table([header, ...cells])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  const bars = rows.map(({ name, time: { median: value, low, high } }) => {
    return { label: name, value, low, high, text: digits(value), ours: true }
  })
  return [{ title: 'signatures', bars }]
}

/** @param {import('reshare/server').Database} database @returns {Promise<Row[]>} */
async function measure(database) {
  const server = createServer({
    database,
    masterKey: new Uint8Array(32).fill(2),
    authenticate: () => ({ clientId: 'bench' }),
    limits: { rates: null },
  })
  await server.sweep()
  const inner = inProcessTransport(server)
  const sent = { requests: 0, up: 0, down: 0 }
  const transport = {
    /** @param {import('reshare').TransportRequest} request */
    async request(request) {
      const response = await inner.request(request)
      sent.requests += 1
      sent.up += request.body?.length ?? 0
      sent.down += response.body.length
      return response
    },
  }
  const client = createClient({
    transport,
    storage: memoryStore(),
    repeats: false,
    pool: { size: 32, mayFill: () => false },
  })
  const { id: walletId } = await generateWallet(client)
  const digest = new Uint8Array(32).fill(1)
  const path = 'm/0/5'
  const segwit = /** @type {const} */ ({ scheme: 'ecdsa', digest, path })
  const taproot = /** @type {const} */ ({ scheme: 'bip340', message: digest, path, tapTweak: new Uint8Array(0) })
  await sign(client, { walletId, ...taproot })
  /** One way to sign all inputs, and what it took. @param {() => Promise<unknown>} work */
  const measured = async (work) => {
    Object.assign(sent, { requests: 0, up: 0, down: 0 })
    const start = performance.now()
    await work()
    return { ...sent, time: performance.now() - start }
  }
  /** @type {Row[]} */
  const rows = []
  /** @param {string} name @param {typeof segwit | typeof taproot} item @param {boolean} [isPreprocessed] */
  const compare = async (name, item, isPreprocessed = false) => {
    const ways = [
      async () => {
        for (let i = 0; i < INPUTS; i++) await sign(client, { walletId, ...item })
      },
      () => signAll(client, { walletId, items: new Array(INPUTS).fill(item) }),
    ]
    /** @type {[Run[], Run[]]} */
    const runs = [[], []]
    for (let i = -WARM_UP; i < RUNS; i++) {
      // In turn, and another one first each time, so that whatever the machine does meanwhile happens to both.
      for (const way of i % 2 === 0 ? [0, 1] : [1, 0]) {
        if (isPreprocessed) await preprocessSignatures(client, { walletId, count: INPUTS })
        const one = await measured(/** @type {() => Promise<unknown>} */ (ways[way]))
        if (i >= 0) runs[way]?.push(one)
      }
    }
    const ratio = summary(runs[1].map(({ time }, i) => time / (runs[0][i]?.time ?? time)))
    rows.push(rowOf(`${name}, sign`, runs[0]), { ...rowOf(`${name}, signAll`, runs[1]), ratio })
  }
  await compare('P2WPKH', segwit)
  await compare('P2WPKH preprocessed', segwit, true)
  await compare('P2TR', taproot)
  return rows
}

/** @typedef {{ requests: number, up: number, down: number, time: number }} Run */

/** @param {string} name @param {readonly Run[]} runs @returns {Row} */
function rowOf(name, runs) {
  const { requests = 0, up = 0, down = 0 } = runs.at(-1) ?? {}
  return { name, requests, up, down, time: summary(runs.map(({ time }) => time)) }
}
